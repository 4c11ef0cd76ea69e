// The sizes of register tiles and blocks for AVX-512; bodies/tile.h says what they mean.

// 14 x 2 accumulators, 2 registers of B; A comes as broadcast memory operands. 30 of 32 registers. Wide: 6 x 4, 4
// registers of B and a broadcast of A, 29 of 32.
//
// Blocks: the copied block of A (70 x 592 floats, 166 KB) shares the 1 MB second-level cache with one panel of B; it is
// also what bounds the stack. One thread of a Zen 4 at 3.7 GHz (peak 118 GFLOP/s, 236 with VDPBF16PS), best of 15 runs,
// f32 / bf16:
//   block x rows     1500x576x576   1500x1536x576   1500x576x1536
//   384 x 112        109 / 218      110 / 213       110 / 218
//   576 x 56         112 / 221      113 / 217       111 / 219
//   576 x 70         111 / 221      112 / 218       111 / 220
//   576 x 84         112 / 225      113 / 220       111 / 221
//   768 x 70         112 / 218      113 / 218       112 / 222
// 576 divides the widths that matter and 70 rows leave stack for a widened panel of bf16 B.
#define CK_TILE_ROWS 14
#define CK_TILE_VECTORS 2
#define CK_EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#define CK_EACH_VECTORS(X, ROWS) X(ROWS, 1) X(ROWS, 2)
#define CK_WIDE_ROWS 6
#define CK_WIDE_VECTORS 4

#define CK_GEMM_BLOCK 576
#define CK_GEMM_BLOCK_ROWS 70
#define CK_RUN_GROUPS 4
