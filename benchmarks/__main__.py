"""Run every benchmark in one go and print its table: python -m benchmarks."""

from benchmarks import arrow, deprivation, edition, explorer, score, stages, survey, uncertainty

if __name__ == "__main__":
    arrow.main()
    deprivation.main()
    edition.main()
    explorer.main()
    score.main()
    stages.main()
    survey.main()
    uncertainty.main()
