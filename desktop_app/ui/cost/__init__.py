"""The Cost tab: what training costs, where."""
