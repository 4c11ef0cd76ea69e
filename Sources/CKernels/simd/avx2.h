// The AVX2 + FMA + F16C vocabulary; scalar.h says what each word means.
#ifndef CK_SIMD_AVX2_H
#define CK_SIMD_AVX2_H

typedef __m256 vf;
typedef __m256i vi;
typedef __m256 vm;
typedef struct {
  __m256d low, high;
} vw;
#define VF_LANES 8

CK_INLINE __m256i vf_first_lanes(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// MARK: Memory

CK_INLINE vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
CK_INLINE void vf_store(float *p, vf x) { _mm256_storeu_ps(p, x); }
CK_INLINE vf vf_load_partial(const float *p, size_t n) { return _mm256_maskload_ps(p, vf_first_lanes(n)); }
CK_INLINE vf vf_load_partial_or(const float *p, size_t n, vf fill) {
  __m256i lanes = vf_first_lanes(n);
  return _mm256_blendv_ps(fill, _mm256_maskload_ps(p, lanes), _mm256_castsi256_ps(lanes));
}
CK_INLINE void vf_store_partial(float *p, vf x, size_t n) { _mm256_maskstore_ps(p, vf_first_lanes(n), x); }
CK_INLINE vf vf_set1(float x) { return _mm256_set1_ps(x); }
CK_INLINE vf vf_zero(void) { return _mm256_setzero_ps(); }
CK_INLINE float vf_first(vf x) { return _mm256_cvtss_f32(x); }
CK_INLINE vf vf_keep_first(vf x, size_t n) { return _mm256_and_ps(x, _mm256_castsi256_ps(vf_first_lanes(n))); }

// MARK: Arithmetic

CK_INLINE vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
CK_INLINE vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
CK_INLINE vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
CK_INLINE vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
CK_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
CK_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
CK_INLINE vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
CK_INLINE vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
CK_INLINE vf vf_sqrt(vf x) { return _mm256_sqrt_ps(x); }
CK_INLINE vf vf_abs(vf x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
CK_INLINE vf vf_copysign(vf x, vf s) { return _mm256_or_ps(vf_abs(x), _mm256_and_ps(s, _mm256_set1_ps(-0.0f))); }

// MARK: Across lanes

CK_INLINE float vf_sum(vf x) {
  __m128 a = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  a = _mm_add_ps(a, _mm_movehl_ps(a, a));
  return _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)));
}
CK_INLINE float vf_max_across(vf x) {
  __m128 a = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  a = _mm_max_ps(a, _mm_movehl_ps(a, a));
  return _mm_cvtss_f32(_mm_max_ss(a, _mm_movehdup_ps(a)));
}

// MARK: Masks

CK_INLINE vm vf_less(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
CK_INLINE vm vf_equal(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
CK_INLINE vf vf_select(vm mask, vf yes, vf no) { return _mm256_blendv_ps(no, yes, mask); }

// MARK: Integers and bits

CK_INLINE vi vi_set1(int32_t x) { return _mm256_set1_epi32(x); }
CK_INLINE vi vi_iota(void) { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }
CK_INLINE vi vi_load_u8(const uint8_t *p) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)); }
CK_INLINE vi vi_load_i8(const uint8_t *p) { return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p)); }
CK_INLINE vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
CK_INLINE vi vi_sub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
CK_INLINE vi vi_and(vi a, vi b) { return _mm256_and_si256(a, b); }
CK_INLINE vi vi_or(vi a, vi b) { return _mm256_or_si256(a, b); }
CK_INLINE vi vi_xor(vi a, vi b) { return _mm256_xor_si256(a, b); }
#define vi_shl(x, count) _mm256_slli_epi32(x, count)
#define vi_shr(x, count) _mm256_srli_epi32(x, count)
#define vi_shr_signed(x, count) _mm256_srai_epi32(x, count)
CK_INLINE vi vi_shr_by(vi x, vi counts) { return _mm256_srlv_epi32(x, counts); }
// One shuffle where a shift and a mask are two operations; an index with its highest bit set gives zero.
CK_INLINE vi vi_byte(vi x, int byte) {
  int zeros = (int)0x80808000;
  __m128i picks = _mm_setr_epi32(zeros + byte, zeros + 4 + byte, zeros + 8 + byte, zeros + 12 + byte);
  return _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(picks));
}
CK_INLINE vi vi_top_byte(vi x, int byte) {
  int top = byte << 24 | 0x808080;
  __m128i picks = _mm_setr_epi32(top, top + (4 << 24), top + (8 << 24), top + (12 << 24));
  return _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(picks));
}
CK_INLINE vf vf_from_vi(vi x) { return _mm256_cvtepi32_ps(x); }
CK_INLINE vf vf_from_bits(vi x) { return _mm256_castsi256_ps(x); }
CK_INLINE vi vi_from_bits(vf x) { return _mm256_castps_si256(x); }
CK_INLINE vf vf_ldexp(vf x, vi n) {
  vi half = vi_shr_signed(n, 1), rest = vi_sub(n, half), bias = vi_set1(127);
  vf scaled = vf_mul(x, vf_from_bits(vi_shl(vi_add(half, bias), 23)));
  return vf_mul(scaled, vf_from_bits(vi_shl(vi_add(rest, bias), 23)));
}

// MARK: A lane a row

CK_INLINE __m128i load_words_of_4(const uint8_t *const *rows, size_t offset) {
  int32_t words[4];
  for (int r = 0; r < 4; r++) __builtin_memcpy(words + r, rows[r] + offset, 4);
  return _mm_setr_epi32(words[0], words[1], words[2], words[3]);
}
CK_INLINE vi vi_gather(const uint8_t *const *rows, size_t offset) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(load_words_of_4(rows, offset)),
                                 load_words_of_4(rows + 4, offset), 1);
}
CK_INLINE void vi_gather_4(vi words[4], const uint8_t *const *rows, size_t offset) {
  __m256i x[4];
  for (int r = 0; r < 4; r++) {
    __m128i low = _mm_loadu_si128((const __m128i *)(rows[r] + offset));
    __m128i high = _mm_loadu_si128((const __m128i *)(rows[4 + r] + offset));
    x[r] = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
  }
  __m256i a = _mm256_unpacklo_epi32(x[0], x[1]), b = _mm256_unpacklo_epi32(x[2], x[3]);
  __m256i c = _mm256_unpackhi_epi32(x[0], x[1]), d = _mm256_unpackhi_epi32(x[2], x[3]);
  words[0] = _mm256_unpacklo_epi64(a, b);
  words[1] = _mm256_unpackhi_epi64(a, b);
  words[2] = _mm256_unpacklo_epi64(c, d);
  words[3] = _mm256_unpackhi_epi64(c, d);
}

// MARK: Half precision

CK_INLINE float f32_from_f16(uint16_t half) { return _cvtsh_ss(half); }
CK_INLINE vf vf_load_f16(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
CK_INLINE vf vf_from_f16_bits(vi x) {
  vi low = _mm256_and_si256(x, _mm256_set1_epi32(0xffff));
  return _mm256_cvtph_ps(_mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1)));
}
CK_INLINE vf vf_load_bf16(const uint16_t *p) {
  return vf_from_bits(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)), 16));
}

// MARK: Float64 accumulators

CK_INLINE __m256d vf_low_f64(vf x) { return _mm256_cvtps_pd(_mm256_castps256_ps128(x)); }
CK_INLINE __m256d vf_high_f64(vf x) { return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)); }
CK_INLINE vw vw_zero(void) { return (vw){_mm256_setzero_pd(), _mm256_setzero_pd()}; }
CK_INLINE vw vw_add(vw sum, vf x) {
  return (vw){_mm256_add_pd(sum.low, vf_low_f64(x)), _mm256_add_pd(sum.high, vf_high_f64(x))};
}
CK_INLINE vw vw_add_product(vw sum, vf a, vf b) {
  return (vw){_mm256_fmadd_pd(vf_low_f64(a), vf_low_f64(b), sum.low),
              _mm256_fmadd_pd(vf_high_f64(a), vf_high_f64(b), sum.high)};
}
CK_INLINE vw vw_merge(vw a, vw b) { return (vw){_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)}; }
CK_INLINE double vw_sum(vw x) {
  __m256d a = _mm256_add_pd(x.low, x.high);
  __m128d b = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
  return _mm_cvtsd_f64(_mm_add_sd(b, _mm_unpackhi_pd(b, b)));
}

// MARK: Layout

CK_INLINE void vf_transpose(float *out, size_t out_stride, const float *x, size_t x_stride) {
  __m256 a[8], b[8];
  for (int i = 0; i < 8; i++) a[i] = vf_load(x + (size_t)i * x_stride);
  for (int i = 0; i < 8; i += 2) {
    b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
  }
  // a[4i + c] holds column c of rows 4i...4i+3 in its low half, column 4 + c in its high half.
  for (int i = 0; i < 8; i += 4) {
    a[i] = _mm256_shuffle_ps(b[i], b[i + 2], 0x44);
    a[i + 1] = _mm256_shuffle_ps(b[i], b[i + 2], 0xee);
    a[i + 2] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0x44);
    a[i + 3] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0xee);
  }
  for (int c = 0; c < 4; c++) {
    vf_store(out + (size_t)c * out_stride, _mm256_permute2f128_ps(a[c], a[4 + c], 0x20));
    vf_store(out + (size_t)(4 + c) * out_stride, _mm256_permute2f128_ps(a[c], a[4 + c], 0x31));
  }
}

#endif
