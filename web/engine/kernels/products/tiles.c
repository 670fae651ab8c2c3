#include "tiles.h"
#include "vector.h"

#define TILE_NAME tile_1
#define AHEAD 0
#define EACH_ROW(X) X(0)
#include "product_tile.h"

#define TILE_NAME tile_2
#define AHEAD 0
#define EACH_ROW(X) X(0) X(1)
#include "product_tile.h"

#define TILE_NAME tile_3
#define AHEAD 0
#define EACH_ROW(X) X(0) X(1) X(2)
#include "product_tile.h"

#define TILE_NAME tile_4
#define AHEAD 0
#define EACH_ROW(X) X(0) X(1) X(2) X(3)
#include "product_tile.h"

#define TILE_NAME tile_5
#define AHEAD 0
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4)
#include "product_tile.h"

// Without a fused multiply-add six rows spill registers.
#ifdef __wasm_relaxed_simd__
#define TILE_NAME tile_6
#define AHEAD 0
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5)
#include "product_tile.h"
#endif

// Tiles of TILE_ROWS rows and of one row less; products of few rows have lower ones, too rare for code of their own.
#define TILE_NAME tile_ahead
#define AHEAD 1
#ifdef __wasm_relaxed_simd__
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5)
#else
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4)
#endif
#include "product_tile.h"

#define TILE_NAME lower_tile_ahead
#define AHEAD 1
#ifdef __wasm_relaxed_simd__
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4)
#else
#define EACH_ROW(X) X(0) X(1) X(2) X(3)
#endif
#include "product_tile.h"

void run_tile(const Tile *tile, int32_t rows) {
  if (tile->ahead && rows >= TILE_ROWS - 1) {
    rows == TILE_ROWS ? tile_ahead(tile) : lower_tile_ahead(tile);
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
