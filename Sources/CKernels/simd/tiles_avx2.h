// The sizes of register tiles and blocks for AVX2 with FMA; bodies/tile.h says what they mean.

// 6 x 2 accumulators, 2 registers of B, 1 broadcast of A: 15 of 16 registers.
//
// One thread of the Zen 4 of tiles_avx512.h (peak 118 GFLOP/s here too): f32 112, bf16 109 at 1500x576x576; 110 and 107
// at 1024^3. Widening bf16 inside the tile, not beforehand, reached 78.
//
// Fetching the next panel: on a Zen 3 the head's 512x49152x576, whose B comes from memory, ran at 0.92 of OpenBLAS's
// speed without and at 1.03 with it; 2048x576x1536, whose B comes from the third-level cache, went from 0.97 to 1.03.
// Fetching the next stored rows: 8192 rows of 1536 weights in Q4_1 went from 5.9e9 to 8.6e9 weights a second there.
#define CK_TILE_ROWS 6
#define CK_TILE_VECTORS 2
#define CK_EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define CK_EACH_VECTORS(X, ROWS) X(ROWS, 1) X(ROWS, 2)
#define CK_WIDE_ROWS 6
#define CK_WIDE_VECTORS 2

#define CK_GEMM_BLOCK 576
#define CK_GEMM_BLOCK_ROWS 84
#define CK_RUN_GROUPS 4
