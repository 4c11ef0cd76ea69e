// The avx2 vocabulary.
