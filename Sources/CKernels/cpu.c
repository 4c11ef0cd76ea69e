// What this CPU and operating system can run.
#include "ckernels.h"

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

uint32_t ck_runnable_variants(void) {
  uint32_t runnable = 1u << CKVariantScalar;
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return runnable;
  const uint32_t fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
  if ((c & (fma | osxsave | avx | f16c)) != (fma | osxsave | avx | f16c)) return runnable;
  const uint64_t ymm_state = 0x06, zmm_state = 0xe6;
  uint64_t state = enabled_state();
  if ((state & ymm_state) != ymm_state) return runnable;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return runnable;
  uint32_t max_subleaf = a;
  if (!(b & 1u << 5)) return runnable;
  runnable |= 1u << CKVariantAVX2;
  const uint32_t f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31;
  if ((b & (f | dq | bw | vl)) != (f | dq | bw | vl) || (state & zmm_state) != zmm_state) return runnable;
  runnable |= 1u << CKVariantAVX512;
  if (max_subleaf >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5))
    runnable |= 1u << CKVariantAVX512BF16;
  return runnable;
}

#elif defined(__aarch64__)

uint32_t ck_runnable_variants(void) { return 1u << CKVariantScalar | 1u << CKVariantNEON; }

#else

uint32_t ck_runnable_variants(void) { return 1u << CKVariantScalar; }

#endif
