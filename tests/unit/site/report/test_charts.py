"""Positions of marks, lines and labels in the charts."""

from itertools import pairwise

from torch2web.site.report.charts import Candidate, Scale, curve, dot_plot


def test_scale_is_logarithmic_and_holds_zero() -> None:
    scale = Scale.of_powers([0.003, 0.2], 0, 300)
    assert [tick.label for tick in scale.powers()] == ["10⁻³", "10⁻²", "10⁻¹", "10⁰"]
    assert [scale.at(value) for value in (0.001, 0.01, 0.1, 1, 0, 50)] == [0, 100, 200, 300, 0, 300]


def test_of_many_powers_some_have_labels() -> None:
    ticks = Scale.of_powers([1e-8, 1], 0, 300).powers()
    assert len(ticks) == 9
    assert [tick.label for tick in ticks if tick.label] == ["10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]


def test_sizes_have_round_numbers() -> None:
    assert [tick.label for tick in Scale.of_range([2.2, 8.4], 0, 300).round_numbers()] == ["2", "5", "10"]
    assert Scale.of_range([3, 3], 0, 300).at(3) == 150


def test_dot_plot_has_a_mark_for_each_picture_and_known_colours() -> None:
    plot = dot_plot(["a", "b"], [("fp16", [1e-3, 0]), ("none", []), ("own", [1, 1])], 1e-4)
    assert plot is not None
    assert [(series.name, series.number) for series in plot.series] == [("fp16", 2), ("own", 6)]
    assert plot.series[0].path.count("M") == 2
    assert plot.limit is not None
    assert [row.label for row in plot.rows] == ["a", "b"]
    assert dot_plot(["a"], [("fp32", [])], None) is None


def test_names_of_the_curve_do_not_cover_each_other() -> None:
    near = [
        Candidate(name, 10**6 * size, 0.01, kept=True) for name, size in (("a", 10), ("b", 11), ("c", 12))
    ]
    chart = curve([*near, Candidate("out", 10**6, 0.5, kept=False)], 0.02)
    assert chart is not None
    heights = [point.label_y for point in chart.points if point.kept]
    assert all(first - second >= 13 for first, second in pairwise(heights))
    assert chart.line.count("L") == 2, "through those that were kept"
    out, kept = chart.points[0], chart.points[1]
    assert chart.limit is not None
    assert out.y < chart.limit < kept.y, "the line between those that were kept and the refused one"
    assert curve(near[:1], None) is None


def test_what_the_search_tried_is_within_the_axes() -> None:
    candidates = [Candidate("a", 10**7, 0.01, kept=True), Candidate("b", 2 * 10**7, 0.001, kept=True)]
    chart = curve(candidates, 0.02, [(5 * 10**6, 0.05), (10**7, 0.01)])
    assert chart is not None
    coarse, same = chart.tried
    assert chart.left < coarse.x < same.x == chart.points[0].x
    assert coarse.y < chart.points[0].y == same.y
