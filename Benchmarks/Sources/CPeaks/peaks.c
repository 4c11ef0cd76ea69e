#include "cpeaks.h"

#define LANES 4
#if defined(__aarch64__)
#define SUMS 24
#define REGISTER "w"
#else
#define SUMS 12
#define REGISTER "x"
#endif
#define NAME(what) baseline_##what
#include "loops.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 8
#define SUMS 12
#define REGISTER "x"
#define NAME(what) avx2_##what
#include "loops.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#define LANES 16
#define SUMS 24
#define REGISTER "v"
#define NAME(what) avx512_##what
#include "loops.h"
#pragma clang attribute pop

__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))) double cp_dot_bf16(size_t passes, float *sink) {
  enum { sums_count = 24 };
  __m512 sums[sums_count];
  volatile int pair = 0x3f003f00; // 0.5 and 0.5
  const __m512bh a = (__m512bh)_mm512_set1_epi32(pair), b = (__m512bh)_mm512_set1_epi32(pair);
#pragma clang loop unroll(full)
  for (int i = 0; i < sums_count; i++) sums[i] = _mm512_set1_ps((float)i);
  for (size_t pass = 0; pass < passes; pass++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < sums_count; i++) sums[i] = _mm512_dpbf16_ps(sums[i], a, b);
#pragma clang loop unroll(full)
    for (int i = 0; i < sums_count; i++) __asm__ volatile("" : "+v"(sums[i]));
  }
  __m512 total = sums[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < sums_count; i++) total = _mm512_add_ps(total, sums[i]);
  *sink = _mm512_reduce_add_ps(total);
  return 4.0 * 16 * sums_count * (double)passes;
}
#else
double cp_dot_bf16(size_t passes, float *sink) {
  (void)passes;
  *sink = 0;
  return 0;
}
#endif

double cp_fma_f32(CPLoop loop, size_t passes, float *sink) {
#if defined(__x86_64__)
  if (loop == CPLoopAVX2) return avx2_fma(passes, sink);
  if (loop == CPLoopAVX512) return avx512_fma(passes, sink);
#endif
  (void)loop;
  return baseline_fma(passes, sink);
}

void cp_read(CPLoop loop, const float *x, size_t count, float *sink) {
#if defined(__x86_64__)
  if (loop == CPLoopAVX2) return avx2_read(x, count, sink);
  if (loop == CPLoopAVX512) return avx512_read(x, count, sink);
#endif
  (void)loop;
  baseline_read(x, count, sink);
}
