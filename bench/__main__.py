"""All measurements: `python -m bench [PART]…`, or `make bench`.

Figures of one machine at one time: compare ratios, and minima before medians. The parts `coverage`,
`others` and `trained` need packages that the project does not, take up to an hour, and run only where they
are named.
"""

import argparse

from bench.build import measure_build
from bench.camera import measure_camera
from bench.coding import measure_coding
from bench.coverage import measure_coverage
from bench.judge import measure_judge
from bench.latency import measure_latency
from bench.many import measure_many
from bench.memory import measure_memory
from bench.network import measure_network
from bench.others import measure_others
from bench.page import measure_page
from bench.pictures import measure_pictures
from bench.preprocess import measure_preprocess
from bench.rounding import measure_rounding
from bench.server import measure_server
from bench.session import measure_session
from bench.sizes import measure_sizes
from bench.trained import measure_trained
from bench.warm import measure_warm
from torch2web.cli.terminal.console import Output

PARTS = {
    "build": measure_build,
    "camera": measure_camera,
    "preprocess": measure_preprocess,
    "pictures": measure_pictures,
    "coding": measure_coding,
    "judge": measure_judge,
    "latency": measure_latency,
    "many": measure_many,
    "memory": measure_memory,
    "network": measure_network,
    "rounding": measure_rounding,
    "page": measure_page,
    "server": measure_server,
    "session": measure_session,
    "sizes": measure_sizes,
    "warm": measure_warm,
}


COVERAGE = "coverage"
APART = {"others": measure_others, "trained": measure_trained}
"""They, and COVERAGE, need packages that the project does not."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    known = (*PARTS, COVERAGE, *APART)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(known)}")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="networks of coverage")
    parser.add_argument("--again", action="store_true", help="coverage: also what was measured before")
    parser.add_argument("--exporter", choices=("torch.export", "torchscript"), help="coverage: tried first")
    parser.add_argument("--browser", action="store_true", help="coverage: beside onnxruntime-web, too")
    options = parser.parse_args()
    wanted = options.parts
    if unknown := sorted(set(wanted) - set(known)):
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(known)}")
    if COVERAGE in wanted:
        measure_coverage(
            Output(),
            options.only,
            again=options.again,
            exporter=options.exporter or "torch.export",
            browser=options.browser,
        )
    for name, measure in (PARTS | APART).items():
        if name in wanted or (not wanted and name in PARTS):
            measure(Output())


if __name__ == "__main__":
    main()
