// The neon vocabulary.
