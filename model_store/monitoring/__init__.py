"""How good prices proved, when the sales are known: figures and alarms."""
