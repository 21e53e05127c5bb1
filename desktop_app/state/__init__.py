"""What the program holds while it runs: QObjects and Qt item models. No widgets."""
