#if defined(__x86_64__)
#include <immintrin.h>
#include "../tables.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#pragma clang fp contract(off)

#include "../simd/avx2.h"
#include "../simd/tiles_avx2.h"

#define CK_VARIANT CKVariantAVX2
#define CK_TABLE ck_table_avx2
#include "../bodies/all.h"

#pragma clang attribute pop
#endif
