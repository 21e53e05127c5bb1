"""Services that train and answer, behind one protocol. The only folder that knows the SDK."""
