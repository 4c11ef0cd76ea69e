// The GEMM micro-kernels' vocabulary and block sizes for AVX2 with FMA (see bodies/gemm.h).

// 6 x 2 accumulators, 2 registers of B, 1 broadcast of A: 15 of 16 registers.
//
// The same Zen 4 (peak 118 GFLOP/s here too): f32 112, bf16 109 at 1500x576x576; 110 and 107 at 1024^3.
#define CK_GEMM_LANES 8
#define CK_GEMM_VECTORS 2
#define CK_GEMM_ROWS 6
#define CK_GEMM_BLOCK 576
#define CK_GEMM_BLOCK_ROWS 84

#define CK_GEMM_ROW(X, ROWS) X(ROWS, 1) X(ROWS, 2)
#define CK_GEMM_EACH_TILE(X)                                                                                           \
  CK_GEMM_ROW(X, 1)                                                                                                    \
  CK_GEMM_ROW(X, 2)                                                                                                    \
  CK_GEMM_ROW(X, 3)                                                                                                    \
  CK_GEMM_ROW(X, 4)                                                                                                    \
  CK_GEMM_ROW(X, 5)                                                                                                    \
  CK_GEMM_ROW(X, 6)

typedef __m256 gv;

/// All bits set in the first `count` of 8 lanes.
static inline __m256i gv_first(size_t count) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lanes);
}
static inline gv gv_zero(void) { return _mm256_setzero_ps(); }
static inline gv gv_broadcast(float x) { return _mm256_set1_ps(x); }
static inline gv gv_load(const float *x) { return _mm256_loadu_ps(x); }
static inline gv gv_load_first(const float *x, size_t count) { return _mm256_maskload_ps(x, gv_first(count)); }
static inline void gv_store(float *out, gv x) { _mm256_storeu_ps(out, x); }
static inline void gv_store_first(float *out, gv x, size_t count) { _mm256_maskstore_ps(out, gv_first(count), x); }
static inline gv gv_add(gv a, gv b) { return _mm256_add_ps(a, b); }
/// sum + a*b
static inline gv gv_fma(gv sum, gv a, gv b) { return _mm256_fmadd_ps(a, b, sum); }
