// The sizes of register tiles and blocks for the baseline of every architecture; bodies/tile.h says what they mean.

// 4 x 2 accumulators, 2 registers of B, 1 broadcast of A, 1 product: 12 of SSE2's 16 registers. 36 GFLOP/s on a Zen 4,
// where multiplying and adding in four lanes could reach 59.
#define CK_TILE_ROWS 4
#define CK_TILE_VECTORS 2
#define CK_EACH_ROWS(X) X(1) X(2) X(3) X(4)
#define CK_EACH_VECTORS(X, ROWS) X(ROWS, 1) X(ROWS, 2)
#define CK_WIDE_ROWS 4
#define CK_WIDE_VECTORS 2

#define CK_GEMM_BLOCK 576
#define CK_GEMM_BLOCK_ROWS 96
#define CK_RUN_GROUPS 8
