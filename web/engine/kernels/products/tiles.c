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

// Without a fused multiply-add six rows spill registers; such a build contains the small function but does not call it.
#define TILE_NAME tile_6
#define AHEAD 0
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5)
#include "product_tile.h"

#define TILE_NAME tile_4_ahead
#define AHEAD 1
#define EACH_ROW(X) X(0) X(1) X(2) X(3)
#include "product_tile.h"

#define TILE_NAME tile_5_ahead
#define AHEAD 1
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4)
#include "product_tile.h"

#define TILE_NAME tile_6_ahead
#define AHEAD 1
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5)
#include "product_tile.h"

void run_tile(const Tile *tile, int32_t rows) {
  const bool ahead = tile->ahead;
  switch (rows) {
    case 1: tile_1(tile); break;
    case 2: tile_2(tile); break;
    case 3: tile_3(tile); break; // the lower of two tiles: too rare for code of its own
    case 4: ahead ? tile_4_ahead(tile) : tile_4(tile); break;
    case 5: ahead ? tile_5_ahead(tile) : tile_5(tile); break;
    default: ahead ? tile_6_ahead(tile) : tile_6(tile); break;
  }
}
