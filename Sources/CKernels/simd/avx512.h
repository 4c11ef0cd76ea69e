// The AVX-512 (F, BW, DQ, VL) vocabulary; scalar.h says what each word means.
#ifndef CK_SIMD_AVX512_H
#define CK_SIMD_AVX512_H

typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;
typedef struct {
  __m512d low, high;
} vw;
#define VF_LANES 16

CK_INLINE __mmask16 vf_first_lanes(size_t n) { return (__mmask16)((1u << n) - 1); }

// MARK: Memory

CK_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
CK_INLINE void vf_store(float *p, vf x) { _mm512_storeu_ps(p, x); }
CK_INLINE vf vf_load_partial(const float *p, size_t n) { return _mm512_maskz_loadu_ps(vf_first_lanes(n), p); }
CK_INLINE vf vf_load_partial_or(const float *p, size_t n, vf fill) {
  return _mm512_mask_loadu_ps(fill, vf_first_lanes(n), p);
}
CK_INLINE void vf_store_partial(float *p, vf x, size_t n) { _mm512_mask_storeu_ps(p, vf_first_lanes(n), x); }
CK_INLINE vf vf_set1(float x) { return _mm512_set1_ps(x); }
CK_INLINE vf vf_zero(void) { return _mm512_setzero_ps(); }
CK_INLINE float vf_first(vf x) { return _mm512_cvtss_f32(x); }
CK_INLINE vf vf_keep_first(vf x, size_t n) { return _mm512_maskz_mov_ps(vf_first_lanes(n), x); }

// MARK: Arithmetic

CK_INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
CK_INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
CK_INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
CK_INLINE vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
CK_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
#if CK_BF16_DOT
CK_INLINE vf vf_dot(vf a, vf b, vf c) { return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b); }
#endif
CK_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
CK_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
CK_INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
CK_INLINE vf vf_sqrt(vf x) { return _mm512_sqrt_ps(x); }
CK_INLINE vf vf_abs(vf x) { return _mm512_abs_ps(x); }
CK_INLINE vf vf_copysign(vf x, vf s) { return _mm512_or_ps(_mm512_abs_ps(x), _mm512_and_ps(s, _mm512_set1_ps(-0.0f))); }

// MARK: Across lanes

CK_INLINE float vf_sum(vf x) {
  __m256 a = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  b = _mm_add_ps(b, _mm_movehl_ps(b, b));
  return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}
CK_INLINE float vf_max_across(vf x) {
  __m256 a = _mm256_max_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  __m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  b = _mm_max_ps(b, _mm_movehl_ps(b, b));
  return _mm_cvtss_f32(_mm_max_ss(b, _mm_movehdup_ps(b)));
}

// MARK: Masks

CK_INLINE vm vf_less(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
CK_INLINE vm vf_equal(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
CK_INLINE vf vf_select(vm mask, vf yes, vf no) { return _mm512_mask_blend_ps(mask, no, yes); }

// MARK: Integers and bits

CK_INLINE vi vi_set1(int32_t x) { return _mm512_set1_epi32(x); }
CK_INLINE vi vi_iota(void) { return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }
CK_INLINE vi vi_load_u8(const uint8_t *p) { return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)); }
CK_INLINE vi vi_load_i8(const uint8_t *p) { return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)); }
CK_INLINE vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
CK_INLINE vi vi_sub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
CK_INLINE vi vi_and(vi a, vi b) { return _mm512_and_si512(a, b); }
CK_INLINE vi vi_or(vi a, vi b) { return _mm512_or_si512(a, b); }
CK_INLINE vi vi_xor(vi a, vi b) { return _mm512_xor_si512(a, b); }
#define vi_shl(x, count) _mm512_slli_epi32(x, count)
#define vi_shr(x, count) _mm512_srli_epi32(x, count)
#define vi_shr_signed(x, count) _mm512_srai_epi32(x, count)
CK_INLINE vi vi_shr_by(vi x, vi counts) { return _mm512_srlv_epi32(x, counts); }
// One shuffle where a shift and a mask are two operations; an index with its highest bit set gives zero.
CK_INLINE vi vi_byte(vi x, int byte) {
  int zeros = (int)0x80808000;
  __m128i picks = _mm_setr_epi32(zeros + byte, zeros + 4 + byte, zeros + 8 + byte, zeros + 12 + byte);
  return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(picks));
}
CK_INLINE vi vi_top_byte(vi x, int byte) {
  int top = byte << 24 | 0x808080;
  __m128i picks = _mm_setr_epi32(top, top + (4 << 24), top + (8 << 24), top + (12 << 24));
  return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(picks));
}
CK_INLINE vf vf_from_vi(vi x) { return _mm512_cvtepi32_ps(x); }
CK_INLINE vf vf_from_bits(vi x) { return _mm512_castsi512_ps(x); }
CK_INLINE vi vi_from_bits(vf x) { return _mm512_castps_si512(x); }
CK_INLINE vf vf_ldexp(vf x, vi n) { return _mm512_scalef_ps(x, _mm512_cvtepi32_ps(n)); }

// MARK: A lane a row

CK_INLINE vi vi_gather(const uint8_t *const *rows, size_t offset) {
  int32_t words[16];
  for (int r = 0; r < 16; r++) __builtin_memcpy(words + r, rows[r] + offset, 4);
  return _mm512_setr_epi32(words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7], words[8],
                           words[9], words[10], words[11], words[12], words[13], words[14], words[15]);
}
CK_INLINE void vi_gather_4(vi words[4], const uint8_t *const *rows, size_t offset) {
  __m512i x[4];
  for (int r = 0; r < 4; r++) {
    __m512i four = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(rows[r] + offset)));
    four = _mm512_inserti32x4(four, _mm_loadu_si128((const __m128i *)(rows[4 + r] + offset)), 1);
    four = _mm512_inserti32x4(four, _mm_loadu_si128((const __m128i *)(rows[8 + r] + offset)), 2);
    x[r] = _mm512_inserti32x4(four, _mm_loadu_si128((const __m128i *)(rows[12 + r] + offset)), 3);
  }
  __m512i a = _mm512_unpacklo_epi32(x[0], x[1]), b = _mm512_unpacklo_epi32(x[2], x[3]);
  __m512i c = _mm512_unpackhi_epi32(x[0], x[1]), d = _mm512_unpackhi_epi32(x[2], x[3]);
  words[0] = _mm512_unpacklo_epi64(a, b);
  words[1] = _mm512_unpackhi_epi64(a, b);
  words[2] = _mm512_unpacklo_epi64(c, d);
  words[3] = _mm512_unpackhi_epi64(c, d);
}

// MARK: Half precision

CK_INLINE float f32_from_f16(uint16_t half) { return _cvtsh_ss(half); }
CK_INLINE vf vf_load_f16(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
CK_INLINE vf vf_from_f16_bits(vi x) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(x)); }
CK_INLINE vf vf_load_bf16(const uint16_t *p) {
  return vf_from_bits(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
}

// MARK: Float64 accumulators

CK_INLINE __m512d vf_low_f64(vf x) { return _mm512_cvtps_pd(_mm512_castps512_ps256(x)); }
CK_INLINE __m512d vf_high_f64(vf x) { return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)); }
CK_INLINE vw vw_zero(void) { return (vw){_mm512_setzero_pd(), _mm512_setzero_pd()}; }
CK_INLINE vw vw_add(vw sum, vf x) {
  return (vw){_mm512_add_pd(sum.low, vf_low_f64(x)), _mm512_add_pd(sum.high, vf_high_f64(x))};
}
CK_INLINE vw vw_add_product(vw sum, vf a, vf b) {
  return (vw){_mm512_fmadd_pd(vf_low_f64(a), vf_low_f64(b), sum.low),
              _mm512_fmadd_pd(vf_high_f64(a), vf_high_f64(b), sum.high)};
}
CK_INLINE vw vw_merge(vw a, vw b) { return (vw){_mm512_add_pd(a.low, b.low), _mm512_add_pd(a.high, b.high)}; }
CK_INLINE double vw_sum(vw x) {
  __m512d a = _mm512_add_pd(x.low, x.high);
  __m256d b = _mm256_add_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
  __m128d c = _mm_add_pd(_mm256_castpd256_pd128(b), _mm256_extractf128_pd(b, 1));
  return _mm_cvtsd_f64(_mm_add_sd(c, _mm_unpackhi_pd(c, c)));
}

// MARK: Layout

CK_INLINE void vf_transpose(float *out, size_t out_stride, const float *x, size_t x_stride) {
  __m512 a[16], b[16];
  for (int i = 0; i < 16; i++) a[i] = vf_load(x + (size_t)i * x_stride);
  for (int i = 0; i < 16; i += 2) {
    b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
  }
  // a[4i + c] holds column c of rows 4i...4i+3 in every 128-bit lane (lane l: column 4l + c).
  for (int i = 0; i < 16; i += 4) {
    __m512d p = _mm512_castps_pd(b[i]), q = _mm512_castps_pd(b[i + 2]);
    __m512d r = _mm512_castps_pd(b[i + 1]), s = _mm512_castps_pd(b[i + 3]);
    a[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(p, q));
    a[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(p, q));
    a[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(r, s));
    a[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(r, s));
  }
  for (int c = 0; c < 4; c++) {
    __m512 low02 = _mm512_shuffle_f32x4(a[c], a[4 + c], 0x88), low13 = _mm512_shuffle_f32x4(a[c], a[4 + c], 0xdd);
    __m512 high02 = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0x88);
    __m512 high13 = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0xdd);
    vf_store(out + (size_t)c * out_stride, _mm512_shuffle_f32x4(low02, high02, 0x88));
    vf_store(out + (size_t)(4 + c) * out_stride, _mm512_shuffle_f32x4(low13, high13, 0x88));
    vf_store(out + (size_t)(8 + c) * out_stride, _mm512_shuffle_f32x4(low02, high02, 0xdd));
    vf_store(out + (size_t)(12 + c) * out_stride, _mm512_shuffle_f32x4(low13, high13, 0xdd));
  }
}

#endif
