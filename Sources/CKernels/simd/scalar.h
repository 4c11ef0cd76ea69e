// The scalar vocabulary.
