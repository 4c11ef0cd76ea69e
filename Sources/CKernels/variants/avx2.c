// Never in its code: %(zmm|k[0-7]|[xy]mm(1[6-9]|2[0-9]|3[01]))
#include "../tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#pragma clang fp contract(off)

#include "../simd/avx2.h"
#include "../simd/tiles_avx2.h"

#define CK_VARIANT CKVariantAVX2
#define CK_TABLE ck_table_avx2
#include "../bodies/all.h"

#pragma clang attribute pop
#else
const CKKernels *const ck_table_avx2 = NULL;
#endif
