"""`python -m bot`: the same as the installed command `nabla`."""

from bot.cli import main

if __name__ == "__main__":
    main()
