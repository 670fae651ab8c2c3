#include "tiles.h"
#include "vector.h"

#define ROWS_1(X) X(0)
#define ROWS_2(X) ROWS_1(X) X(1)
#define ROWS_3(X) ROWS_2(X) X(2)
#define ROWS_4(X) ROWS_3(X) X(3)
#define ROWS_5(X) ROWS_4(X) X(4)
#define ROWS_6(X) ROWS_5(X) X(5)

#define TILE_NAME tile_1
#define EACH_ROW ROWS_1
#include "product_tile.h"

#define TILE_NAME tile_2
#define EACH_ROW ROWS_2
#include "product_tile.h"

#define TILE_NAME tile_3
#define EACH_ROW ROWS_3
#include "product_tile.h"

#define TILE_NAME tile_4
#define EACH_ROW ROWS_4
#include "product_tile.h"

#define TILE_NAME tile_5
#define EACH_ROW ROWS_5
#include "product_tile.h"

// Without a fused multiply-add six rows spill registers.
#ifdef __wasm_relaxed_simd__
#define TILE_NAME tile_6
#define EACH_ROW ROWS_6
#include "product_tile.h"
#define HIGHEST_ROWS ROWS_6
#define LOWER_ROWS ROWS_5
#else
#define HIGHEST_ROWS ROWS_5
#define LOWER_ROWS ROWS_4
#endif

// With prefetching, tiles of TILE_ROWS rows and of one row less; only products of few rows have lower ones.
#define TILE_NAME highest_tile_prefetching
#define PREFETCH 1
#define EACH_ROW HIGHEST_ROWS
#include "product_tile.h"

#define TILE_NAME lower_tile_prefetching
#define PREFETCH 1
#define EACH_ROW LOWER_ROWS
#include "product_tile.h"

void run_tile(const Tile *tile, int32_t rows) {
  if (tile->prefetched && rows >= TILE_ROWS - 1) {
    rows == TILE_ROWS ? highest_tile_prefetching(tile) : lower_tile_prefetching(tile);
    return;
  }
  switch (rows) {
    case 1: tile_1(tile); break;
    case 2: tile_2(tile); break;
    case 3: tile_3(tile); break;
    case 4: tile_4(tile); break;
#ifdef __wasm_relaxed_simd__
    case 6: tile_6(tile); break;
#endif
    default: tile_5(tile); break;
  }
}
