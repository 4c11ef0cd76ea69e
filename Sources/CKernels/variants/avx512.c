// Never in its code: dpbf16ps
#include "../tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl"))),              \
                             apply_to = function)
#pragma clang fp contract(off)

#include "../simd/avx512.h"
#include "../simd/tiles_avx512.h"

#define CK_VARIANT CKVariantAVX512
#define CK_TABLE ck_table_avx512
#include "../bodies/all.h"

#pragma clang attribute pop
#else
const CKKernels *const ck_table_avx512 = NULL;
#endif
