// The GEMM micro-kernels' vocabulary and block sizes for the baseline of every architecture (see bodies/gemm.h).
// Four lanes of the compiler's portable vectors: SSE2 on x86-64. Products are rounded before they are added, so that
// every machine gives the same bits.

// 4 x 2 accumulators, 2 registers of B, 1 broadcast of A, 1 product: 12 of SSE2's 16 registers. 36 GFLOP/s on a Zen 4,
// where multiplying and adding in four lanes could reach 59.
#define CK_GEMM_LANES 4
#define CK_GEMM_VECTORS 2
#define CK_GEMM_ROWS 4
#define CK_GEMM_BLOCK 576
#define CK_GEMM_BLOCK_ROWS 96

#define CK_GEMM_ROW(X, ROWS) X(ROWS, 1) X(ROWS, 2)
#define CK_GEMM_EACH_TILE(X)                                                                                           \
  CK_GEMM_ROW(X, 1)                                                                                                    \
  CK_GEMM_ROW(X, 2)                                                                                                    \
  CK_GEMM_ROW(X, 3)                                                                                                    \
  CK_GEMM_ROW(X, 4)

typedef float gv __attribute__((vector_size(16)));

static inline gv gv_zero(void) { return (gv){0, 0, 0, 0}; }
static inline gv gv_broadcast(float x) { return (gv){x, x, x, x}; }
static inline gv gv_load(const float *x) {
  gv loaded;
  __builtin_memcpy(&loaded, x, sizeof loaded);
  return loaded;
}
static inline gv gv_load_first(const float *x, size_t count) {
  gv loaded = gv_zero();
  for (size_t i = 0; i < count; i++) loaded[i] = x[i];
  return loaded;
}
static inline void gv_store(float *out, gv x) { __builtin_memcpy(out, &x, sizeof x); }
static inline void gv_store_first(float *out, gv x, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = x[i];
}
static inline gv gv_add(gv a, gv b) { return a + b; }
/// sum + a*b
static inline gv gv_fma(gv sum, gv a, gv b) { return sum + a * b; }
