#include "product.h"

#include "activation.h"
#include "tiles.h"
#include "vector.h"
#include "work_range.h"

enum {
  // Rows computed for all panels before the next rows: x and y then stay in the second-level cache.
  STRIP_ROWS = 60,
  // The same for weights that exceed the second-level cache and are read again for each strip: ViT-B/16 takes 590 ms with
  // it and 650 ms with 60.
  LONG_STRIP_ROWS = 198,
  // Floats of weights that fit in the second-level cache beside x and y. A tile of rows is computed for this many panels
  // before the next tile, so that its pointers are set up once: MobileNetV2 takes 11.5 ms with it and 12.4 ms panel by
  // panel.
  CACHED_WEIGHTS = 65536,
  PAGE = 1024, // floats
};

static int32_t strip_rows(const Product *op) {
  return panel_floats(op->inputs, op->outputs) > 4 * CACHED_WEIGHTS ? LONG_STRIP_ROWS : STRIP_ROWS;
}

static int32_t panel_size(const Product *op) { return (op->inputs + 1) * 8; }

// The last panel, with fewer than eight outputs, is computed in a buffer. Not inlined: the module is smaller so.
static __attribute__((noinline)) void narrow_tile(const Tile *tile, int32_t rows, int32_t outputs) {
  float buffer[TILE_ROWS * 8];
  Tile whole = *tile;
  whole.y = buffer;
  whole.y_stride = 8;
  whole.residual = 0;
  whole.clip = false;
  whole.gap = 0;
  run_tile(&whole, rows);
  for (int32_t row = 0; row < rows; row++) {
    for (int32_t j = 0; j < outputs; j++) {
      float value = buffer[row * 8 + j];
      if (tile->residual) value += tile->residual[row * tile->y_stride + j];
      if (tile->clip && value < tile->low) value = tile->low;
      if (tile->clip && value > tile->high) value = tile->high;
      tile->y[row * tile->y_stride + (row < tile->until_gap ? 0 : tile->gap) + j] = value;
    }
  }
}

// Address translation: a page that is not in the TLB takes as long to find as to read. All pages are looked up at once here.
static void prefetch_pages(const float *p, int32_t count) {
  for (int32_t i = 0; i < count; i += PAGE) prefetch(p + i);
}

// Computes `rows` rows, in tiles of equal height or one row more. The last tiles prefetch the weights from `next` on, as
// many as those of `tile`, if it is not NULL: ResNet-18 takes 41.5 ms with it and 45 without.
static void run_tiles(Tile *tile, int32_t rows, int32_t outputs, Lines lines, const float *next) {
  tile->until_gap = lines.length;
  tile->gap = lines.gap;
  int32_t tiles = ceil_div(rows, TILE_ROWS);
  int32_t height = rows / tiles, taller = rows % tiles;
  // The last tiles prefetch a half each; of many tiles an eighth each, so that memory keeps up.
  const int32_t passes = tiles >= 8 ? 8 : 2, size = tile->panels * tile->inputs * 8;
  for (int32_t number = 0; number < tiles; number++) {
    int32_t tile_rows = height + (number < taller), left = tiles - number;
    if (next && left <= passes) {
      if (left == passes) prefetch_pages(next, size);
      tile->prefetched = next + size / passes * (passes - left);
      tile->prefetch_step = 32 / passes;
    }
    if (outputs >= 8) {
      run_tile(tile, tile_rows);
    } else {
      narrow_tile(tile, tile_rows, outputs);
    }
    tile->x += tile_rows * tile->x_stride;
    tile->y += tile_rows * tile->y_stride;
    if (tile->residual) tile->residual += tile_rows * tile->y_stride;
    tile->until_gap -= tile_rows;
    if (tile->until_gap <= 0) {
      tile->y += lines.gap;
      tile->until_gap += lines.length;
    }
  }
}

static Tile tile_of(const Product *op, int32_t panel, int32_t count) {
  return (Tile){
      .x = op->x,
      .weights = op->weights + (int64_t)panel * panel_size(op),
      .residual = op->residual ? op->residual + panel * 8 : 0,
      .y = op->y + panel * 8,
      .panels = count,
      .inputs = op->inputs,
      .x_stride = op->x_stride,
      .y_stride = op->y_stride,
      .clip = op->activation.kind == ACTIVATION_CLIP,
      .low = op->activation.a,
      .high = op->activation.b,
  };
}

static const Lines ONE_LINE = {INT32_MAX, 0};

static void panels(const Product *op, int32_t first_panel, int32_t end_panel, Lines lines) {
  int32_t whole = min_int(op->outputs / 8, end_panel), most = max_int(CACHED_WEIGHTS / panel_size(op), 1);
  for (int32_t panel = first_panel, count; panel < end_panel; panel += count) {
    count = panel < whole ? min_int(most, whole - panel) : 1;
    Tile tile = tile_of(op, panel, count);
    const bool more = panel + 2 * count <= whole;
    run_tiles(&tile, op->rows, min_int(op->outputs - panel * 8, 8), lines, more ? tile.weights + count * panel_size(op) : 0);
  }
}

void product_panel(const Product *op, const float *next) {
  Tile tile = tile_of(op, 0, 1);
  run_tiles(&tile, op->rows, 8, ONE_LINE, next);
}

void product_in_lines(const Product *op, Lines lines) { panels(op, 0, ceil_div(op->outputs, 8), lines); }

static void strip(const Product *op, int32_t first_panel, int32_t end_panel) {
  panels(op, first_panel, end_panel, ONE_LINE);
  if (is_clip(&op->activation)) return;
  int32_t first = first_panel * 8, count = min_int(end_panel * 8, op->outputs) - first;
  if (count == op->y_stride) {
    activate_values(op->y, op->y, op->rows * count, &op->activation);
    return;
  }
  for (int32_t row = 0; row < op->rows; row++) {
    float *y = op->y + row * op->y_stride + first;
    activate_values(y, y, count, &op->activation);
  }
}

// The gate is multiplied into x, strip by strip, or into the weights: the one with fewer rows.
static bool gates_weights(const Product *op) { return op->rows > op->outputs; }

static void scale_by_gate(const float *x, const float *gate, float *y, int32_t count) {
  for (; count >= 4; count -= 4, x += 4, gate += 4, y += 4) store(y, load(x) * load(gate));
  for (; count > 0; count--) *y++ = *x++ * *gate++;
}

// Not inlined: the module is smaller so.
static __attribute__((noinline)) void gate_panels(const Product *op, int32_t first_panel, int32_t end_panel, float *y) {
  for (int32_t panel = first_panel; panel < end_panel; panel++) {
    const float *w = op->weights + (int64_t)panel * panel_size(op);
    float *out = y + (int64_t)panel * panel_size(op);
    store(out, load(w));
    store(out + 4, load(w + 4));
    for (int32_t i = 0; i < op->inputs; i++) {
      f4 gate = splat(op->gate[i]);
      store(out + 8 + i * 8, load(w + 8 + i * 8) * gate);
      store(out + 12 + i * 8, load(w + 12 + i * 8) * gate);
    }
  }
}

static void product_of_rows(const Product *op, bool on_weights, int32_t first_panel, int32_t end_panel, void *scratch) {
  Product part = *op;
  if (op->gate && on_weights) {
    gate_panels(op, first_panel, end_panel, scratch);
    part.weights = scratch;
  }
  const int32_t most = strip_rows(op);
  for (int32_t row = 0; row < op->rows; row += most) {
    part.rows = min_int(op->rows - row, most);
    part.x = op->x + (int64_t)row * op->x_stride;
    part.y = op->y + (int64_t)row * op->y_stride;
    if (op->residual) part.residual = op->residual + (int64_t)row * op->y_stride;
    if (op->gate && !on_weights) {
      for (int32_t i = 0; i < part.rows; i++) {
        scale_by_gate(part.x + (int64_t)i * op->x_stride, op->gate, (float *)scratch + (int64_t)i * op->inputs, op->inputs);
      }
      part.x = scratch;
      part.x_stride = op->inputs;
    }
    strip(&part, first_panel, end_panel);
  }
}

void product_part(const Product *op, int32_t first_panel, int32_t end_panel, void *scratch) {
  product_of_rows(op, gates_weights(op), first_panel, end_panel, scratch);
}

uint64_t product_scratch(const Product *op) {
  if (!op->gate) return 0;
  if (gates_weights(op)) return 4 * panel_floats(op->inputs, op->outputs);
  return 4 * (uint64_t)min_int(op->rows, strip_rows(op)) * (uint64_t)op->inputs;
}

void product(const Product *op, Thread thread, void *scratch) {
  Product part = *op;
  int32_t panels = ceil_div(op->outputs, 8);
  if (op->rows < TILE_ROWS * 2 * thread.count) { // too few rows to split: panels are split instead
    WorkRange range = work_range(panels, thread);
    if (range.first < range.end) product_part(op, range.first, range.end, scratch);
    return;
  }
  WorkRange range = work_range(op->rows, thread);
  part.rows = range.end - range.first;
  part.x += (int64_t)range.first * op->x_stride;
  part.y += (int64_t)range.first * op->y_stride;
  if (op->residual) part.residual += (int64_t)range.first * op->y_stride;
  product_of_rows(&part, gates_weights(op), 0, panels, scratch);
}
