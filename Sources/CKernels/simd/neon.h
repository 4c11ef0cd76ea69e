// The NEON (AArch64) vocabulary; scalar.h says what each word means.
#ifndef CK_SIMD_NEON_H
#define CK_SIMD_NEON_H

typedef float32x4_t vf;
typedef int32x4_t vi;
typedef uint32x4_t vm;
typedef struct {
  float64x2_t low, high;
} vw;
#define VF_LANES 4

CK_INLINE uint32x4_t vf_first_lanes(size_t n) {
  static const uint32_t lanes[4] = {0, 1, 2, 3};
  return vcltq_u32(vld1q_u32(lanes), vdupq_n_u32((uint32_t)n));
}

// MARK: Memory

CK_INLINE vf vf_load(const float *p) { return vld1q_f32(p); }
CK_INLINE void vf_store(float *p, vf x) { vst1q_f32(p, x); }
CK_INLINE vf vf_load_partial_or(const float *p, size_t n, vf fill) {
  fill = vld1q_lane_f32(p, fill, 0);
  if (n > 1) fill = vld1q_lane_f32(p + 1, fill, 1);
  if (n > 2) fill = vld1q_lane_f32(p + 2, fill, 2);
  return fill;
}
CK_INLINE vf vf_load_partial(const float *p, size_t n) { return vf_load_partial_or(p, n, vdupq_n_f32(0)); }
CK_INLINE void vf_store_partial(float *p, vf x, size_t n) {
  vst1q_lane_f32(p, x, 0);
  if (n > 1) vst1q_lane_f32(p + 1, x, 1);
  if (n > 2) vst1q_lane_f32(p + 2, x, 2);
}
CK_INLINE vf vf_set1(float x) { return vdupq_n_f32(x); }
CK_INLINE vf vf_zero(void) { return vdupq_n_f32(0); }
CK_INLINE float vf_first(vf x) { return vgetq_lane_f32(x, 0); }
CK_INLINE vf vf_keep_first(vf x, size_t n) {
  return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), vf_first_lanes(n)));
}

// MARK: Arithmetic

CK_INLINE vf vf_add(vf a, vf b) { return vaddq_f32(a, b); }
CK_INLINE vf vf_sub(vf a, vf b) { return vsubq_f32(a, b); }
CK_INLINE vf vf_mul(vf a, vf b) { return vmulq_f32(a, b); }
CK_INLINE vf vf_div(vf a, vf b) { return vdivq_f32(a, b); }
CK_INLINE vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
CK_INLINE vf vf_fnma(vf a, vf b, vf c) { return vfmsq_f32(c, a, b); }
CK_INLINE vf vf_max(vf a, vf b) { return vmaxq_f32(a, b); }
CK_INLINE vf vf_min(vf a, vf b) { return vminq_f32(a, b); }
CK_INLINE vf vf_sqrt(vf x) { return vsqrtq_f32(x); }
CK_INLINE vf vf_abs(vf x) { return vabsq_f32(x); }
CK_INLINE vf vf_copysign(vf x, vf s) { return vbslq_f32(vdupq_n_u32(0x80000000), s, x); }

// MARK: Across lanes

CK_INLINE float vf_sum(vf x) {
  float32x2_t a = vadd_f32(vget_low_f32(x), vget_high_f32(x));
  return vget_lane_f32(a, 0) + vget_lane_f32(a, 1);
}
CK_INLINE float vf_max_across(vf x) { return vmaxvq_f32(x); }

// MARK: Masks

CK_INLINE vm vf_less(vf a, vf b) { return vcltq_f32(a, b); }
CK_INLINE vm vf_equal(vf a, vf b) { return vceqq_f32(a, b); }
CK_INLINE vf vf_select(vm mask, vf yes, vf no) { return vbslq_f32(mask, yes, no); }

// MARK: Integers and bits

CK_INLINE vi vi_set1(int32_t x) { return vdupq_n_s32(x); }
CK_INLINE vi vi_iota(void) {
  static const int32_t lanes[4] = {0, 1, 2, 3};
  return vld1q_s32(lanes);
}
CK_INLINE uint8x8_t load_4_bytes(const uint8_t *p) {
  uint32_t bytes;
  __builtin_memcpy(&bytes, p, sizeof bytes);
  return vreinterpret_u8_u32(vdup_n_u32(bytes));
}
CK_INLINE vi vi_load_u8(const uint8_t *p) {
  return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(load_4_bytes(p)))));
}
CK_INLINE vi vi_load_i8(const uint8_t *p) {
  return vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u8(load_4_bytes(p)))));
}
CK_INLINE vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
CK_INLINE vi vi_sub(vi a, vi b) { return vsubq_s32(a, b); }
CK_INLINE vi vi_and(vi a, vi b) { return vandq_s32(a, b); }
CK_INLINE vi vi_or(vi a, vi b) { return vorrq_s32(a, b); }
CK_INLINE vi vi_xor(vi a, vi b) { return veorq_s32(a, b); }
// By vector counts, because immediate counts may not be zero.
#define vi_shl(x, count) vshlq_s32(x, vdupq_n_s32(count))
#define vi_shr(x, count) vi_shr_by(x, vdupq_n_s32(count))
#define vi_shr_signed(x, count) vshlq_s32(x, vdupq_n_s32(-(count)))
CK_INLINE vi vi_shr_by(vi x, vi counts) {
  return vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(x), vnegq_s32(counts)));
}
#define vi_byte(x, byte) vi_and(vi_shr(x, 8 * (byte)), vi_set1(255))
#define vi_top_byte(x, byte) vi_shl(vi_shr(x, 8 * (byte)), 24)
CK_INLINE vf vf_from_vi(vi x) { return vcvtq_f32_s32(x); }
CK_INLINE vf vf_from_bits(vi x) { return vreinterpretq_f32_s32(x); }
CK_INLINE vi vi_from_bits(vf x) { return vreinterpretq_s32_f32(x); }
CK_INLINE vf vf_ldexp(vf x, vi n) {
  vi half = vi_shr_signed(n, 1), rest = vi_sub(n, half), bias = vi_set1(127);
  vf scaled = vf_mul(x, vf_from_bits(vi_shl(vi_add(half, bias), 23)));
  return vf_mul(scaled, vf_from_bits(vi_shl(vi_add(rest, bias), 23)));
}

// MARK: A lane a row

CK_INLINE vi vi_gather(const uint8_t *const *rows, size_t offset) {
  int32_t words[4];
  for (int r = 0; r < 4; r++) __builtin_memcpy(words + r, rows[r] + offset, sizeof words[r]);
  return vld1q_s32(words);
}
CK_INLINE void vi_gather_4(vi words[4], const uint8_t *const *rows, size_t offset) {
  int64x2_t x[4];
  int32x4_t a = vreinterpretq_s32_u8(vld1q_u8(rows[0] + offset)), b = vreinterpretq_s32_u8(vld1q_u8(rows[1] + offset));
  int32x4_t c = vreinterpretq_s32_u8(vld1q_u8(rows[2] + offset)), d = vreinterpretq_s32_u8(vld1q_u8(rows[3] + offset));
  x[0] = vreinterpretq_s64_s32(vzip1q_s32(a, b));
  x[1] = vreinterpretq_s64_s32(vzip1q_s32(c, d));
  x[2] = vreinterpretq_s64_s32(vzip2q_s32(a, b));
  x[3] = vreinterpretq_s64_s32(vzip2q_s32(c, d));
  words[0] = vreinterpretq_s32_s64(vzip1q_s64(x[0], x[1]));
  words[1] = vreinterpretq_s32_s64(vzip2q_s64(x[0], x[1]));
  words[2] = vreinterpretq_s32_s64(vzip1q_s64(x[2], x[3]));
  words[3] = vreinterpretq_s32_s64(vzip2q_s64(x[2], x[3]));
}

// MARK: Half precision

CK_INLINE vf vf_load_f16(const uint16_t *p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }
CK_INLINE float f32_from_f16(uint16_t half) {
  return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(half))), 0);
}
CK_INLINE vf vf_from_f16_bits(vi x) { return vcvt_f32_f16(vreinterpret_f16_u16(vmovn_u32(vreinterpretq_u32_s32(x)))); }
CK_INLINE vf vf_load_bf16(const uint16_t *p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16)); }

// MARK: Float64 accumulators

CK_INLINE float64x2_t vf_low_f64(vf x) { return vcvt_f64_f32(vget_low_f32(x)); }
CK_INLINE float64x2_t vf_high_f64(vf x) { return vcvt_high_f64_f32(x); }
CK_INLINE vw vw_zero(void) { return (vw){vdupq_n_f64(0), vdupq_n_f64(0)}; }
CK_INLINE vw vw_add(vw sum, vf x) {
  return (vw){vaddq_f64(sum.low, vf_low_f64(x)), vaddq_f64(sum.high, vf_high_f64(x))};
}
CK_INLINE vw vw_add_product(vw sum, vf a, vf b) {
  return (vw){vfmaq_f64(sum.low, vf_low_f64(a), vf_low_f64(b)), vfmaq_f64(sum.high, vf_high_f64(a), vf_high_f64(b))};
}
CK_INLINE vw vw_merge(vw a, vw b) { return (vw){vaddq_f64(a.low, b.low), vaddq_f64(a.high, b.high)}; }
CK_INLINE double vw_sum(vw x) {
  float64x2_t a = vaddq_f64(x.low, x.high);
  return vgetq_lane_f64(a, 0) + vgetq_lane_f64(a, 1);
}

// MARK: Layout

CK_INLINE void vf_transpose(float *out, size_t out_stride, const float *x, size_t x_stride) {
  float32x4_t a = vf_load(x), b = vf_load(x + x_stride), c = vf_load(x + 2 * x_stride), d = vf_load(x + 3 * x_stride);
  float64x2_t ab_low = vreinterpretq_f64_f32(vzip1q_f32(a, b)), ab_high = vreinterpretq_f64_f32(vzip2q_f32(a, b));
  float64x2_t cd_low = vreinterpretq_f64_f32(vzip1q_f32(c, d)), cd_high = vreinterpretq_f64_f32(vzip2q_f32(c, d));
  vf_store(out, vreinterpretq_f32_f64(vzip1q_f64(ab_low, cd_low)));
  vf_store(out + out_stride, vreinterpretq_f32_f64(vzip2q_f64(ab_low, cd_low)));
  vf_store(out + 2 * out_stride, vreinterpretq_f32_f64(vzip1q_f64(ab_high, cd_high)));
  vf_store(out + 3 * out_stride, vreinterpretq_f32_f64(vzip2q_f64(ab_high, cd_high)));
}

#endif
