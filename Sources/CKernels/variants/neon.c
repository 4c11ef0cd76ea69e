#include "../tables.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#pragma clang fp contract(off)

#include "../simd/neon.h"
#include "../simd/tiles_neon.h"

#define CK_VARIANT CKVariantNEON
#define CK_TABLE ck_table_neon
#include "../bodies/all.h"
#else
const CKKernels *const ck_table_neon = NULL;
#endif
