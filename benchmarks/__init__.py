"""One module per question: ``python -m benchmarks.bench_guest --short``."""
