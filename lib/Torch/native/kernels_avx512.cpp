// The kernels for processors with AVX-512 and its bfloat16 products: vectors of sixteen.
#if defined(__AVX512F__) && defined(__AVX512BF16__)
#define RETORT_WIDTH 16
#include "kernels_vector.h"
const retort::Kernels* retort::avx512() { return table("avx512"); }
#else
#include "kernels.h"
const retort::Kernels* retort::avx512() { return nullptr; }
#endif
