"""All measurements: `python -m bench [PART]…`, or `make bench`.

Figures of one machine at one time: compare ratios, and minima before medians.
"""

import argparse

from bench.build import measure_build
from bench.camera import measure_camera
from bench.judge import measure_judge
from bench.latency import measure_latency
from bench.memory import measure_memory
from bench.network import measure_network
from bench.pictures import measure_pictures
from bench.preprocess import measure_preprocess
from bench.session import measure_session
from bench.sizes import measure_sizes
from bench.warm import measure_warm
from torch2web.cli.console import Output

PARTS = {
    "build": measure_build,
    "camera": measure_camera,
    "preprocess": measure_preprocess,
    "pictures": measure_pictures,
    "judge": measure_judge,
    "latency": measure_latency,
    "memory": measure_memory,
    "network": measure_network,
    "session": measure_session,
    "sizes": measure_sizes,
    "warm": measure_warm,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(PARTS)}")
    wanted = parser.parse_args().parts
    if unknown := sorted(set(wanted) - set(PARTS)):
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    for name, measure in PARTS.items():
        if not wanted or name in wanted:
            measure(Output())


if __name__ == "__main__":
    main()
