// The GEMM micro-kernels' vocabulary and block sizes for AVX-512 (see bodies/gemm.h).

// 14 x 2 accumulators, 2 registers of B; A comes as broadcast memory operands. 30 of 32 registers.
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
#define CK_GEMM_LANES 16
#define CK_GEMM_VECTORS 2
#define CK_GEMM_ROWS 14
#define CK_GEMM_BLOCK 576
#define CK_GEMM_BLOCK_ROWS 70

#define CK_GEMM_ROW(X, ROWS) X(ROWS, 1) X(ROWS, 2)
#define CK_GEMM_EACH_TILE(X)                                                                                           \
  CK_GEMM_ROW(X, 1)                                                                                                    \
  CK_GEMM_ROW(X, 2)                                                                                                    \
  CK_GEMM_ROW(X, 3)                                                                                                    \
  CK_GEMM_ROW(X, 4)                                                                                                    \
  CK_GEMM_ROW(X, 5)                                                                                                    \
  CK_GEMM_ROW(X, 6)                                                                                                    \
  CK_GEMM_ROW(X, 7)                                                                                                    \
  CK_GEMM_ROW(X, 8)                                                                                                    \
  CK_GEMM_ROW(X, 9)                                                                                                    \
  CK_GEMM_ROW(X, 10)                                                                                                   \
  CK_GEMM_ROW(X, 11)                                                                                                   \
  CK_GEMM_ROW(X, 12)                                                                                                   \
  CK_GEMM_ROW(X, 13)                                                                                                   \
  CK_GEMM_ROW(X, 14)

typedef __m512 gv;

static inline __mmask16 gv_first(size_t count) { return (__mmask16)((1u << count) - 1); }
static inline gv gv_zero(void) { return _mm512_setzero_ps(); }
static inline gv gv_broadcast(float x) { return _mm512_set1_ps(x); }
static inline gv gv_load(const float *x) { return _mm512_loadu_ps(x); }
static inline gv gv_load_first(const float *x, size_t count) { return _mm512_maskz_loadu_ps(gv_first(count), x); }
static inline void gv_store(float *out, gv x) { _mm512_storeu_ps(out, x); }
static inline void gv_store_first(float *out, gv x, size_t count) { _mm512_mask_storeu_ps(out, gv_first(count), x); }
static inline gv gv_add(gv a, gv b) { return _mm512_add_ps(a, b); }
/// sum + a*b
static inline gv gv_fma(gv sum, gv a, gv b) { return _mm512_fmadd_ps(a, b, sum); }

#if CK_BF16_DOT
/// sum + a[2i]*b[2i] + a[2i+1]*b[2i+1]; `pair` is one pair of A, for all lanes.
static inline gv gv_dot(gv sum, uint32_t pair, const uint16_t *b) {
  return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_epi32((int)pair), (__m512bh)_mm512_loadu_si512(b));
}
#endif
