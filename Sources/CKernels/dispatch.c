#include "tables.h"

#define CK_TABLE(CASE, NAME) [CKVariant##CASE] = &ck_table_##NAME,
static const CKKernels *const *const tables[] = {CK_EACH_VARIANT(CK_TABLE)};

const CKKernels *ck_kernels_for(CKVariant variant) {
  if ((unsigned)variant >= CKVariantCount) return NULL;
  return ck_runnable_variants() >> variant & 1u ? *tables[variant] : NULL;
}

const char *ck_variant_name(CKVariant variant) {
#define CK_NAME(CASE, NAME) [CKVariant##CASE] = #NAME,
  static const char *const names[] = {CK_EACH_VARIANT(CK_NAME)};
  return names[variant];
}

CKVariant ck_best(void) {
  uint32_t runnable = ck_runnable_variants();
  for (unsigned variant = CKVariantCount; variant-- > 0;)
    if (runnable >> variant & 1u) return (CKVariant)variant;
  return CKVariantScalar;
}

CKBlockSize ck_block_size(CKFormat format) {
#define CK_SIZE(NAME, LENGTH, BYTES) [CKFormat##NAME] = {LENGTH, BYTES},
  static const CKBlockSize sizes[] = {CK_EACH_FORMAT(CK_SIZE)};
  return sizes[format];
}
