// Products of matrices with what surrounds them in a network: bias, GELU and GELU's gradient act on a tile of the result while it
// is in the cache, and the right factor is packed once for all rows (Goto and van de Geijn 2008, without packing the left factor,
// whose rows a tile broadcasts from where they lie).
//
// Units as in kernel_attention.h: one float32, or two bfloat16 that are neighbours along the summed axis. A sum runs over its axis in one
// order whatever rows a call was given, so results do not depend on the number of threads.
#pragma once

namespace {

constexpr int Tall = W == 16 ? 12 : 6;  // rows of a tile
constexpr int Depth = 256;              // units of the summed axis for which a panel stays in the nearest cache
constexpr int Group = 8;                // tiles that share a panel
constexpr int Wide = 8;                 // panels that share a part of the left factor

// c (Tall, Panel) [+]= a b, for k units.
template <bool Half>
void tile(const uint32_t* a, int64_t ai, int64_t ak, const uint32_t* b, int64_t k, float* c, bool add) {
  V s[Tall][2];
#pragma GCC unroll 12
  for (int r = 0; r < Tall; r++) {
    s[r][0] = add ? load(c + r * Panel) : V{};
    s[r][1] = add ? load(c + r * Panel + W) : V{};
  }
  for (int64_t l = 0; l < k; l++, a += ak, b += Panel) {
    const U b0 = get<U>(b), b1 = get<U>(b + W);
    __builtin_prefetch(a + 64 * ak);  // of a packed left factor; without it such products take a quarter longer
#pragma GCC unroll 12
    for (int r = 0; r < Tall; r++) {
      const uint32_t u = a[r * ai];
      s[r][0] = dot(s[r][0], u, b0, Half);
      s[r][1] = dot(s[r][1], u, b1, Half);
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < Tall; r++) {
    put(c + r * Panel, s[r][0]);
    put(c + r * Panel + W, s[r][1]);
  }
}

// W values of a result, some of which may lie beyond its last column.
template <bool Half, bool Full>
inline V read(const void* p, int64_t i, int some) { return Full ? load(p, i, Half) : load_some(p, i, some, Half); }
template <bool Half, bool Full>
inline void write(void* p, int64_t i, int some, V v) {
  if (Full) store(p, i, v, Half);
  else store_some(p, i, some, v, Half);
}

// What becomes of `rows` rows of W sums; `at` is the place of the first of them in the results. Half: the results' type.
template <bool Half, bool Full>
void finish(const retort::Product& p, const float* c, int64_t rows, int64_t at, int64_t column, int some) {
  const V bias = p.bias ? read<false, Full>(p.bias, column, some) : V{};
  if (p.factor) {
    for (int64_t r = 0; r < rows; r++, at += p.n) write<Half, Full>(p.out, at, some, (load(c + r * Panel) + bias) * read<Half, Full>(p.factor, at, some));
  } else if (p.gelu) {
    V density;
    for (int64_t r = 0; r < rows; r++, at += p.n) {
      const V h = load(c + r * Panel) + bias, phi = normal(h, density);
      write<Half, Full>(p.out, at, some, h * phi);
      if (p.slope) write<Half, Full>(p.slope, at, some, phi + h * density * 0.39894228f);
    }
  } else {
    for (int64_t r = 0; r < rows; r++, at += p.n) write<Half, Full>(p.out, at, some, load(c + r * Panel) + bias);
  }
}

void finish_panel(const retort::Product& p, const float* c, int64_t rows, int64_t row, int64_t column) {
  for (int64_t j = column; j < column + Panel && j < p.n; j += W, c += W) {
    const int64_t at = row * p.n + j, some = p.n - j < W ? p.n - j : W;
    if (some == W) p.out_half ? finish<true, true>(p, c, rows, at, j, W) : finish<false, true>(p, c, rows, at, j, W);
    else p.out_half ? finish<true, false>(p, c, rows, at, j, static_cast<int>(some)) : finish<false, false>(p, c, rows, at, j, static_cast<int>(some));
  }
}

// Asks for the lines that a tile's results will be written to, while the tile is computed.
inline void expect(const retort::Product& p, int64_t first, int64_t last, int64_t column) {
  const int64_t size = p.out_half ? 2 : 4, bytes = (p.n - column < Panel ? p.n - column : Panel) * size;
  for (int64_t r = first; r < last; r++)
    for (int64_t b = 0; b < bytes; b += 64) {
      const int64_t at = (r * p.n + column) * size + b;
      __builtin_prefetch(static_cast<const char*>(p.out) + at, 1);
      if (p.slope) __builtin_prefetch(static_cast<const char*>(p.slope) + at, 1);
      if (p.factor) __builtin_prefetch(static_cast<const char*>(p.factor) + at, 0);
    }
}

template <bool Half>
void rows_of(const retort::Product& p, int64_t first, int64_t last) {
  const int64_t parts = (p.k + Depth - 1) / Depth, part = parts ? (p.k + parts - 1) / parts : 0, whole = p.m / Tall * Tall;
  // With several parts the sums of several panels wait for the next part, so that the left factor's part is read from near by.
  const int64_t panels = parts > 1 ? Wide : 1;
  const bool tail = !p.tiled && last > whole;
  Scratch& s = scratch();
  s.reserve(4 * (panels * Group * Tall * Panel + (tail ? Tall * p.k : 0)) + 128);
  float* const sums = s.take<float>(panels * Group * Tall * Panel);
  const uint32_t* a = static_cast<const uint32_t*>(p.a);
  uint32_t* rest = nullptr;  // the rows of the last tile; those that are not there are 0
  if (tail) {
    rest = s.take<uint32_t>(Tall * p.k);
    std::memset(rest, 0, 4 * Tall * p.k);
    std::memcpy(rest, a + whole * p.k, 4 * (p.m - whole) * p.k);
  }
  for (int64_t row = first; row < last; row += Group * Tall) {
    const int64_t rows = last - row < Group * Tall ? last - row : Group * Tall;
    for (int64_t block = 0; block < p.n; block += panels * Panel) {
      for (int64_t from = 0; from < p.k || from == 0; from += part ? part : 1) {
        const int64_t count = p.k - from < part ? p.k - from : part;
        const bool ends = from + count == p.k;
        for (int64_t column = block; column < p.n && column < block + panels * Panel; column += Panel) {
          const uint32_t* b = p.b + column * p.k + from * Panel;
          float* const c = sums + (column - block) * Group * Tall;
          for (int64_t i = 0; i < rows; i += Tall) {
            if (ends) expect(p, row + i, row + i + Tall < last ? row + i + Tall : last, column);
            if (p.tiled) tile<Half>(a + (row + i) * p.k + from * Tall, 1, Tall, b, count, c + i * Panel, from > 0);
            else tile<Half>((row + i >= whole ? rest : a + (row + i) * p.k) + from, p.k, 1, b, count, c + i * Panel, from > 0);
          }
          if (ends) finish_panel(p, c, rows, row, column);
        }
      }
    }
  }
}

void product(const retort::Product& p, int64_t first, int64_t last) {
  if (p.half) rows_of<true>(p, first, last);
  else rows_of<false>(p, first, last);
}

// W units that begin at element i of a row with `left` elements from there on, in Half bfloat16 whatever they were before.
template <bool Half>
inline V units_of(const void* x, int64_t i, int64_t left, bool x_half) {
  V v{};
  if (Half && !x_half) {
    const int64_t n0 = left < W ? left : W, n1 = left - n0 < W ? left - n0 : W;
    const H low = narrow(load_some(x, i, static_cast<int>(n0), false));
    const H high = n1 > 0 ? narrow(load_some(x, i + W, static_cast<int>(n1), false)) : H{};
    std::memcpy(&v, &low, sizeof low);
    std::memcpy(reinterpret_cast<char*>(&v) + sizeof low, &high, sizeof high);
    return v;
  }
  const int64_t size = Half ? 2 : 4, most = Half ? 2 * W : W;
  const char* from = static_cast<const char*>(x) + i * size;
  if (left >= most) return get<V>(from);
  std::memcpy(&v, from, left * size);
  return v;
}

// Panels first to last of B = X^T for X (rows, width): the columns of B are X's rows.
template <bool Half>
void right_transposed(const void* x, bool x_half, int64_t rows, int64_t width, int64_t first, int64_t last, uint32_t* to) {
  const int64_t k = Half ? (width + 1) / 2 : width;
  for (int64_t panel = first; panel < last; panel++)
    for (int64_t c = 0; c < Panel; c += W)
      for (int64_t l = 0; l < k; l += W) {
        V block[W];
        for (int i = 0; i < W; i++) {
          const int64_t row = panel * Panel + c + i, element = Half ? 2 * l : l;
          block[i] = row < rows ? units_of<Half>(x, row * width + element, width - element, x_half) : V{};
        }
        transpose(block);
        for (int64_t i = 0; i < W && l + i < k; i++) put(to + (panel * k + l + i) * Panel + c, block[i]);
      }
}

// Panels first to last of B = X for X (rows, width).
template <bool Half>
void right(const void* x, bool x_half, int64_t rows, int64_t width, int64_t first, int64_t last, uint32_t* to) {
  const int64_t k = Half ? (rows + 1) / 2 : rows;
  for (int64_t panel = first; panel < last; panel++)
    for (int64_t l = 0; l < k; l++)
      for (int64_t c = 0; c < Panel; c += W) {
        const int64_t j = panel * Panel + c, some = width - j < W ? width - j : W;
        U u{};
        if (some > 0) {
          if (Half) {
            u = rounded(load_some(x, 2 * l * width + j, static_cast<int>(some), x_half));
            if (2 * l + 1 < rows) u |= rounded(load_some(x, (2 * l + 1) * width + j, static_cast<int>(some), x_half)) << 16;
          } else {
            u = (U)load_some(x, l * width + j, static_cast<int>(some), false);
          }
        }
        put(to + (panel * k + l) * Panel + c, u);
      }
}

void pack_right(const void* x, bool x_half, int64_t rows, int64_t width, bool transposed, bool half, int64_t first, int64_t last, uint32_t* to) {
  if (transposed) half ? right_transposed<true>(x, x_half, rows, width, first, last, to) : right_transposed<false>(x, x_half, rows, width, first, last, to);
  else half ? right<true>(x, x_half, rows, width, first, last, to) : right<false>(x, x_half, rows, width, first, last, to);
}

// Some tiles, `count` columns of X from the first on, of the left factor A = X^T: see pack_left. What memory is read by one row at a time.
template <bool Half, bool Full>
void left(const void* x, int64_t rows, int64_t width, int64_t count, int64_t k, uint32_t* to, float* sums) {
  constexpr int Lanes = 4 * Tall, Steps = (Lanes + W - 1) / W;  // four tiles, which are whole vectors
  V s[Steps] = {};
  for (int64_t l = 0; l < k; l++, to += Tall) {
    U u[Steps];
    for (int j = 0; j < Steps; j++) {
      const int some = static_cast<int>(Full || count - j * W > W ? W : count - j * W < 0 ? 0 : count - j * W);
      if (Half) {
        const int64_t i = 2 * l * width + j * W;
        const V even = Full ? load(x, i, true) : load_some(x, i, some, true);
        const V odd = 2 * l + 1 >= rows ? V{} : Full ? load(x, i + width, true) : load_some(x, i + width, some, true);
        s[j] += even;
        s[j] += odd;
        u[j] = ((U)even >> 16) | (U)odd;
      } else {
        const V one = Full ? load(x, l * width + j * W, false) : load_some(x, l * width + j * W, some, false);
        s[j] += one;
        u[j] = (U)one;
      }
    }
    for (int t = 0; t < 4; t++)
      if (Full || t * Tall < count) std::memcpy(to + t * Tall * k, reinterpret_cast<const uint32_t*>(u) + t * Tall, Tall * 4);
  }
  if (sums) std::memcpy(sums, s, (Full ? Lanes : count) * 4);
}

template <bool Half>
void left_tiles(const void* x, int64_t rows, int64_t width, int64_t first, int64_t last, uint32_t* to, float* sums) {
  const int64_t k = Half ? (rows + 1) / 2 : rows;
  for (int64_t t = first; t < last; t += 4) {
    const int64_t from = t * Tall, there = last * Tall < width ? last * Tall - from : width - from;
    const char* columns = static_cast<const char*>(x) + from * (Half ? 2 : 4);
    if (there >= 4 * Tall) left<Half, true>(columns, rows, width, 4 * Tall, k, to + from * k, sums ? sums + from : nullptr);
    else left<Half, false>(columns, rows, width, there, k, to + from * k, sums ? sums + from : nullptr);
  }
}

// Tiles first to last of the left factor A = X^T for X (rows, width) in float32 or, half, in bfloat16: each tile has its Tall rows (columns of X)
// side by side, unit by unit. sums (width) gets the sum of each column of X, or is null.
void pack_left(const void* x, int64_t rows, int64_t width, bool half, int64_t first, int64_t last, uint32_t* to, float* sums) {
  if (half) left_tiles<true>(x, rows, width, first, last, to, sums);
  else left_tiles<false>(x, rows, width, first, last, to, sums);
}

}  // namespace
