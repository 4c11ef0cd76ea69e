// The sizes of register tiles and blocks for NEON; bodies/tile.h says what they mean.

// 6 x 4 accumulators, 4 registers of B, 1 broadcast of A: 29 of 32 registers. Not measured: no such machine at hand.
#define CK_TILE_ROWS 6
#define CK_TILE_VECTORS 4
#define CK_EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define CK_EACH_VECTORS(X, ROWS) X(ROWS, 1) X(ROWS, 2) X(ROWS, 3) X(ROWS, 4)
#define CK_WIDE_ROWS 6
#define CK_WIDE_VECTORS 4

#define CK_GEMM_BLOCK 576
#define CK_GEMM_BLOCK_ROWS 84
#define CK_RUN_GROUPS 4
