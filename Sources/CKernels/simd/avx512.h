// The avx512 vocabulary.
