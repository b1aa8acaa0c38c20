"""`python -m guardhouse` is the command line."""

from guardhouse.cli import main

if __name__ == "__main__":
    main()
