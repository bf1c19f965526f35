// The kernels for processors with AVX2 and FMA: vectors of eight, no products in bfloat16.
#if defined(__AVX2__) && defined(__FMA__)
#define RETORT_WIDTH 8
#include "kernels_vector.h"
const retort::Kernels* retort::avx2() { return table("avx2"); }
#else
#include "kernels.h"
const retort::Kernels* retort::avx2() { return nullptr; }
#endif
