#include "tables.h"

static const CKKernels *const tables[CKVariantCount] = {
    [CKVariantScalar] = &ck_table_scalar,
#if defined(__x86_64__)
    [CKVariantAVX2] = &ck_table_avx2,
    [CKVariantAVX512] = &ck_table_avx512,
    [CKVariantAVX512BF16] = &ck_table_avx512bf16,
#endif
#if defined(__aarch64__)
    [CKVariantNEON] = &ck_table_neon,
#endif
};

const CKKernels *ck_kernels_for(CKVariant variant) {
  if ((unsigned)variant >= CKVariantCount) return NULL;
  if (!(ck_runnable_variants() >> variant & 1u)) return NULL;
  return tables[variant];
}

CKVariant ck_best(void) {
  static const CKVariant best_first[] = {CKVariantAVX512BF16, CKVariantAVX512, CKVariantAVX2, CKVariantNEON};
  uint32_t runnable = ck_runnable_variants();
  for (size_t i = 0; i < sizeof best_first / sizeof best_first[0]; i++)
    if (runnable >> best_first[i] & 1u) return best_first[i];
  return CKVariantScalar;
}

CKBlockSize ck_block_size(CKFormat format) {
#define CK_SIZE(NAME, LENGTH, BYTES) [CKFormat##NAME] = {LENGTH, BYTES},
  static const CKBlockSize sizes[] = {CK_EACH_FORMAT(CK_SIZE)};
  return sizes[format];
}
