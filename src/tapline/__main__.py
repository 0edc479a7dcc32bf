"""`python -m tapline` is the `tapline` command."""

from tapline.cli import main

if __name__ == "__main__":
    main()
