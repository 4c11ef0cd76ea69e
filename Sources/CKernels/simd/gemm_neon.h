// The GEMM micro-kernels' vocabulary and block sizes for NEON (see bodies/gemm.h).

// 6 x 4 accumulators, 4 registers of B, 1 broadcast of A: 29 of 32 registers. Not measured: no such machine at hand.
#define CK_GEMM_LANES 4
#define CK_GEMM_VECTORS 4
#define CK_GEMM_ROWS 6
#define CK_GEMM_BLOCK 576
#define CK_GEMM_BLOCK_ROWS 84

#define CK_GEMM_ROW(X, ROWS) X(ROWS, 1) X(ROWS, 2) X(ROWS, 3) X(ROWS, 4)
#define CK_GEMM_EACH_TILE(X)                                                                                           \
  CK_GEMM_ROW(X, 1)                                                                                                    \
  CK_GEMM_ROW(X, 2)                                                                                                    \
  CK_GEMM_ROW(X, 3)                                                                                                    \
  CK_GEMM_ROW(X, 4)                                                                                                    \
  CK_GEMM_ROW(X, 5)                                                                                                    \
  CK_GEMM_ROW(X, 6)

typedef float32x4_t gv;

static inline gv gv_zero(void) { return vdupq_n_f32(0); }
static inline gv gv_broadcast(float x) { return vdupq_n_f32(x); }
static inline gv gv_load(const float *x) { return vld1q_f32(x); }
static inline gv gv_load_first(const float *x, size_t count) {
  float lanes[4] = {0};
  for (size_t i = 0; i < count; i++) lanes[i] = x[i];
  return vld1q_f32(lanes);
}
static inline void gv_store(float *out, gv x) { vst1q_f32(out, x); }
static inline void gv_store_first(float *out, gv x, size_t count) {
  float lanes[4];
  vst1q_f32(lanes, x);
  for (size_t i = 0; i < count; i++) out[i] = lanes[i];
}
static inline gv gv_add(gv a, gv b) { return vaddq_f32(a, b); }
/// sum + a*b
static inline gv gv_fma(gv sum, gv a, gv b) { return vfmaq_f32(sum, a, b); }
