// The kernel table: every compute kernel of the project and its contract.
//
// Conventions (all kernels):
//  - Row-major matrices; a 2-D pointer is followed by its row stride in elements. Sizes and strides are size_t.
//  - Destination first, inputs in the order of the formula, sizes, scalars, enums.
//  - Zero sizes are legal no-ops. No alignment is required; 64 bytes is faster. Nothing past the last element is
//    ever read or written.
//  - Pointers do not overlap unless the contract lists an exact alias.
//  - No allocation, threads, globals, errno, output. Scratch comes from the caller.
//  - The result of an output element depends on its own inputs only, never on how many other rows or columns are
//    computed in the same call: a caller may split rows (and, for GEMM, whole column panels) between threads and get
//    the same bits.
//  - Unless said otherwise NaN and infinities propagate as IEEE-754 says, and float32 sums are kept in several
//    accumulators combined in a fixed order: |error| <= c * terms * 2^-24 * sum(|terms|), c a small constant.
//  - A "_f32" kernel accumulates in float32; "_bf16" names a bfloat16 input (uint16_t, the high half of a float32).
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../bodies/formats.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
#define CK_CLOSED_ENUM __attribute__((enum_extensibility(closed)))
#define CK_SENDABLE __attribute__((swift_attr("@Sendable")))
#else
#define CK_CLOSED_ENUM
#define CK_SENDABLE
#endif

/// The instruction sets a table can be built for, worst to best within an architecture: X(case, name).
#define CK_EACH_VARIANT(X)                                                                                             \
  X(Scalar, scalar)                                                                                                    \
  X(AVX2, avx2)             /* AVX2 + FMA + F16C */                                                                    \
  X(AVX512, avx512)         /* AVX-512 F, BW, DQ, VL; bf16 products emulated in float32 */                             \
  X(AVX512BF16, avx512bf16) /* AVX-512 with VDPBF16PS */                                                               \
  X(NEON, neon)

typedef enum CK_CLOSED_ENUM CKVariant {
#define CK_VARIANT_CASE(CASE, NAME) CKVariant##CASE,
  CK_EACH_VARIANT(CK_VARIANT_CASE)
#undef CK_VARIANT_CASE
} CKVariant;
enum {
#define CK_ONE(CASE, NAME) +1
  CKVariantCount = CK_EACH_VARIANT(CK_ONE)
#undef CK_ONE
};

/// Whether a destination is overwritten (never read: it may hold NaN) or added to.
typedef enum CK_CLOSED_ENUM CKStore {
  CKStoreStore = 0,
  CKStoreAdd = 1,
} CKStore;

/// Storage formats of weights, with ggml's block layouts: CKFormatQ4_K and so on (bodies/formats.h).
typedef enum CK_CLOSED_ENUM CKFormat {
#define CK_FORMAT_CASE(NAME, LENGTH, BYTES) CKFormat##NAME,
  CK_EACH_FORMAT(CK_FORMAT_CASE)
#undef CK_FORMAT_CASE
} CKFormat;

/// What one block of a format holds and takes.
typedef struct CKBlockSize {
  size_t weights; ///< 1 for the plain formats
  size_t bytes;
} CKBlockSize;

/// Direction of the rotation in `rotate_f32`: forward, or by the negative angle (the backward pass).
typedef enum CK_CLOSED_ENUM CKRotation {
  CKRotationForward = 0,
  CKRotationBackward = 1,
} CKRotation;

/// One KV head of one segment for the attention kernels; see `attention_f32`.
/// Keys and values come in two pieces, a prefix and the segment's own rows; numbered one after the other, query row i
/// sees keys 0...prefix_rows + i, or with a window only the last `window` of those. All pointers point at the first
/// element of this head.
typedef struct CKAttentionShape {
  size_t rows;        ///< query rows = own key rows
  size_t prefix_rows; ///< key rows before the first query's own
  size_t group;       ///< query heads that share this KV head; head g is at column g * head_width of q and out
  size_t head_width;
  float scale;   ///< multiplies q.k, usually 1/sqrt(head_width)
  size_t window; ///< most keys a query sees, its own among them; 0: all
} CKAttentionShape;

/// The kernels of one variant.
typedef struct CK_SENDABLE CKKernels {
  CKVariant variant;
  /// Whether bf16 products run in hardware, so that bf16 is faster than float32.
  bool bf16_dot;

  // MARK: GEMM
  //
  // B is packed into panels first. For a B with n output columns and reduction length k:
  //  - f32: panel p holds columns [p*W, p*W + W), W = panel_width_f32, as [k][W] floats; columns past n are zero.
  //    Size: ceil(n/W) * W * k floats. Panel p starts at p * W * k.
  //  - bf16: pairs along the reduction: panel p is [ceil(k/2)][W][2] bf16, W = panel_width_bf16, the odd tail and
  //    columns past n are zero. Size: ceil(n/W) * W * 2*ceil(k/2) elements.
  size_t panel_width_f32;
  size_t panel_width_bf16;
  /// The length of the blocks that element sums run in, even. A product may be split along k at multiples of it: the
  /// first part as the whole would be stored, the others added to it, in order, give the bits of the whole.
  size_t gemm_block;

  /// Pack B given as its transpose: b is [n, k] (a weight matrix whose rows are outputs; y = x.W^T).
  void (*pack_nt_f32)(float *packed, const float *b, size_t b_stride, size_t n, size_t k);
  /// Pack B given as [k, n] (dx = dy.W, or a plain product).
  void (*pack_nn_f32)(float *packed, const float *b, size_t b_stride, size_t k, size_t n);
  /// As pack_nt_f32, rounding to bf16 (nearest even; NaN stays NaN).
  void (*pack_nt_f32_bf16)(uint16_t *packed, const float *b, size_t b_stride, size_t n, size_t k);
  /// As pack_nn_f32, rounding to bf16.
  void (*pack_nn_f32_bf16)(uint16_t *packed, const float *b, size_t b_stride, size_t k, size_t n);

  /// C[m,n] (=, +=) A[m,k] . B[k,n].  A(i,p) = a[i*a_row_stride + p*a_column_stride], so that a transposed A needs no
  /// copy. Element sums run over p in increasing order within blocks of gemm_block: same bits for any split of rows or
  /// whole panels. k = 0 stores zeros (or adds nothing).
  void (*gemm_f32)(float *c, size_t c_stride, const float *a, size_t a_row_stride, size_t a_column_stride,
                   const float *packed_b, size_t m, size_t n, size_t k, CKStore store);
  /// The same with bf16 A (row-major, reduction contiguous) and bf16 B; float32 accumulation. Products of a pair may
  /// be summed before they are accumulated (VDPBF16PS), subnormal inputs may count as zero.
  void (*gemm_bf16_f32)(float *c, size_t c_stride, const uint16_t *a, size_t a_stride, const uint16_t *packed_b,
                        size_t m, size_t n, size_t k, CKStore store);

  /// out[i] = bf16(x[i]), round to nearest even, NaN stays NaN.
  void (*convert_f32_bf16)(uint16_t *out, const float *x, size_t count);

  // MARK: Weights

  /// out[i] = the i-th weight of `source`, `count` weights, a multiple of the format's block length. Exactly
  /// float32(d)*q (+ m) in float32, one rounding per operation, unfused, as ggml's reference does.
  void (*dequantize_f32)(float *out, const void *source, size_t count, CKFormat format);

  /// C[m,n] (=, +=) A[m,k] . W^T, W [n, k] read from the blocks it is stored in: nothing of its size is formed, and few
  /// rows cost little more than reading it once. Stored row j, `row_bytes * j` bytes into `stored`, gives column
  /// order[j] of C, or column j where order is NULL. k is a multiple of the format's block length. The bits are those
  /// of gemm_f32 with the rows dequantised and packed, whatever m and n are. Needs up to 64 KB of stack.
  void (*gemm_stored_f32)(float *c, size_t c_stride, const float *a, size_t a_stride, const void *stored,
                          size_t row_bytes, const uint32_t *order, size_t m, size_t n, size_t k, CKFormat format,
                          CKStore store);
  /// The same with bf16 A and the weights rounded to bf16: the bits of gemm_bf16_f32.
  void (*gemm_stored_bf16_f32)(float *c, size_t c_stride, const uint16_t *a, size_t a_stride, const void *stored,
                               size_t row_bytes, const uint32_t *order, size_t m, size_t n, size_t k, CKFormat format,
                               CKStore store);

  // MARK: Elementwise (out may be exactly a or b or x)

  void (*add_f32)(float *out, const float *a, const float *b, size_t count);
  void (*subtract_f32)(float *out, const float *a, const float *b, size_t count);
  void (*multiply_f32)(float *out, const float *a, const float *b, size_t count);
  void (*divide_f32)(float *out, const float *a, const float *b, size_t count);
  /// out = scale * x
  void (*scale_f32)(float *out, const float *x, float scale, size_t count);
  /// y += scale * x (fused)
  void (*add_scaled_f32)(float *y, const float *x, float scale, size_t count);
  /// Within 2 ULP; underflow to zero, overflow to +infinity, exp(-inf) = 0, NaN propagates.
  void (*exp_f32)(float *out, const float *x, size_t count);
  /// Natural logarithm within 2 ULP; log(0) = -inf, negative = NaN, log(+inf) = +inf, subnormals right.
  void (*log_f32)(float *out, const float *x, size_t count);
  /// 1/(1+exp(-x)), within 4 ULP, never NaN for finite or infinite x.
  void (*sigmoid_f32)(float *out, const float *x, size_t count);
  /// tanh(x), within 8 ULP or 1e-7 absolute.
  void (*tanh_f32)(float *out, const float *x, size_t count);
  /// Sum in float64.
  double (*sum_f32)(const float *x, size_t count);
  /// Dot product in float64.
  double (*dot_f32)(const float *a, const float *b, size_t count);

  // MARK: Feed-forward gate

  /// out[i] = silu(gate[i]) * up[i], silu(g) = g / (1 + exp(-g)). out may be gate or up.
  void (*silu_multiply_f32)(float *out, const float *gate, const float *up, size_t count);
  /// dgate, dup from dout: dup = dout*silu(gate), dgate = dout*up*silu'(gate). Stores. dgate may be gate, dup may be up
  /// or dout.
  void (*silu_multiply_backward_f32)(float *dgate, float *dup, const float *dout, const float *gate, const float *up,
                                     size_t count);

  // MARK: RMSNorm

  /// out = x / sqrt(mean(x^2) + epsilon) * weight, row by row; mean in float32 with several accumulators. out may be x.
  void (*rmsnorm_f32)(float *out, size_t out_stride, const float *x, size_t x_stride, const float *weight, size_t rows,
                      size_t width, float epsilon);
  /// dx (=, +=) the gradient with respect to x. dx may not alias dy or x.
  void (*rmsnorm_backward_f32)(float *dx, size_t dx_stride, const float *dy, size_t dy_stride, const float *x,
                               size_t x_stride, const float *weight, size_t rows, size_t width, float epsilon,
                               CKStore store);
  /// dweight[j] += sum over rows of dy*x/rms, rows in increasing order.
  void (*rmsnorm_backward_weight_f32)(float *dweight, const float *dy, size_t dy_stride, const float *x,
                                      size_t x_stride, size_t rows, size_t width, float epsilon);

  // MARK: RoPE

  /// In place on x [rows, heads*head_stride], rotation of the pairs (j, j + rotated/2), j < rotated/2, of every head,
  /// which begins at column h*head_stride; its columns from `rotated` (even, at most head_stride) on keep their values.
  /// (a, b) -> (a*cos - b*sin, b*cos + a*sin); Backward uses -sin. cosines/sines are [positions, rotated/2]; row i uses
  /// table row positions[i].
  void (*rotate_f32)(float *x, size_t x_stride, const float *cosines, const float *sines, const int32_t *positions,
                     size_t rows, size_t heads, size_t head_stride, size_t rotated, CKRotation direction);

  // MARK: Softmax and log-probability

  /// Row softmax, maximum subtracted. A row of only -inf gives NaN. out may be x.
  void (*softmax_rows_f32)(float *out, size_t out_stride, const float *x, size_t x_stride, size_t rows, size_t width);
  /// dx (=, +=) y*(dy - sum(y*dy)), y the softmax.
  void (*softmax_rows_backward_f32)(float *dx, size_t dx_stride, const float *dy, size_t dy_stride, const float *y,
                                    size_t y_stride, size_t rows, size_t width, CKStore store);
  /// Row log-softmax. out may be x.
  void (*log_softmax_rows_f32)(float *out, size_t out_stride, const float *x, size_t x_stride, size_t rows,
                               size_t width);
  /// dx (=, +=) dy - exp(y)*sum(dy), y the log-softmax.
  void (*log_softmax_rows_backward_f32)(float *dx, size_t dx_stride, const float *dy, size_t dy_stride, const float *y,
                                        size_t y_stride, size_t rows, size_t width, CKStore store);
  /// logp[i] = x[i][targets[i]] - log(sum_j exp(x[i][j])); log_sum[i] that logarithm (log_sum may be NULL).
  void (*logprob_rows_f32)(float *logp, float *log_sum, const float *x, size_t x_stride, const int32_t *targets,
                           size_t rows, size_t width);
  /// In place: x[i][j] = (j == targets[i] ? 1 : 0) - exp(x[i][j] - log_sum[i]): the gradient of logp[i] w.r.t. the
  /// logits.
  void (*logprob_rows_gradient_f32)(float *x, size_t x_stride, const float *log_sum, const int32_t *targets,
                                    size_t rows, size_t width);

  // MARK: Attention

  /// Floats of scratch that one call of attention_f32 / attention_backward_f32 needs; linear in the key rows.
  size_t (*attention_scratch_f32)(const CKAttentionShape *shape);
  size_t (*attention_backward_scratch_f32)(const CKAttentionShape *shape);
  /// out[i, g] = sum_j softmax_j(scale * q[i, g].k[j]) v[j] over the keys that row i sees, for `group` query heads of
  /// one KV head. q, out: [rows, group*head_width]; keys and values: [*, head_width], k and v of a piece share a
  /// stride. log_sum[i*log_sum_stride + g] = log sum_j exp(scale q.k) for the backward pass (may be NULL). Never forms
  /// rows x keys in memory beyond the scratch, and never touches what a row does not see: NaN there has no effect. A
  /// window that no row fills gives the bits of window 0.
  void (*attention_f32)(float *out, size_t out_stride, float *log_sum, size_t log_sum_stride, const float *q,
                        size_t q_stride, const float *prefix_k, const float *prefix_v, size_t prefix_stride,
                        const float *own_k, const float *own_v, size_t own_stride, const CKAttentionShape *shape,
                        float *scratch);
  /// dq is stored; the four key/value gradients are added to (the prefix is shared by several segments).
  void (*attention_backward_f32)(float *dq, size_t dq_stride, float *dprefix_k, float *dprefix_v, size_t dprefix_stride,
                                 float *down_k, float *down_v, size_t down_stride, const float *dout,
                                 size_t dout_stride, const float *out, size_t out_stride, const float *log_sum,
                                 size_t log_sum_stride, const float *q, size_t q_stride, const float *prefix_k,
                                 const float *prefix_v, size_t prefix_stride, const float *own_k, const float *own_v,
                                 size_t own_stride, const CKAttentionShape *shape, float *scratch);

  // MARK: Optimizer

  /// One AdamW step (Loshchilov & Hutter, arXiv 1711.05101, algorithm 2, as torch.optim.AdamW orders it), one pass:
  ///   p *= 1 - lr*weight_decay;  m = b1*m + (1-b1)*g;  v = b2*v + (1-b2)*g*g
  ///   p -= lr * (m / correction1) / (sqrt(v / correction2) + epsilon),   correction = 1 - beta^step
  /// gradient_scale multiplies g first (clipping).
  void (*adamw_f32)(float *parameter, float *m, float *v, const float *gradient, size_t count, float gradient_scale,
                    float learning_rate, float beta1, float beta2, float epsilon, float weight_decay, float correction1,
                    float correction2);
} CKKernels;

/// Bit `1 << CKVariantX` for every variant this CPU and operating system can run (CPUID + XCR0, HWCAP on arm64).
uint32_t ck_runnable_variants(void);

/// The table of a variant, or NULL where it was not built or cannot run here.
const CKKernels *ck_kernels_for(CKVariant variant);

/// The name of a variant: "avx2".
const char *ck_variant_name(CKVariant variant);

/// The best variant that runs here.
CKVariant ck_best(void);

/// The block of a format, the same for all variants.
CKBlockSize ck_block_size(CKFormat format);

/// Tells the CPU that the caller is spinning.
static inline void ck_spin_hint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#ifdef __cplusplus
}
#endif

#endif
