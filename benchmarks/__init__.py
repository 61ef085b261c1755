"""One module per question: ``python -m benchmarks.bench_decode --short``."""
