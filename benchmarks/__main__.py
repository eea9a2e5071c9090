"""Run every benchmark in one go and print its table: python -m benchmarks."""

from benchmarks import arrow, stages, survey, uncertainty

if __name__ == "__main__":
    arrow.main()
    stages.main()
    survey.main()
    uncertainty.main()
