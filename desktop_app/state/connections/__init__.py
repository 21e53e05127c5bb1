"""Services, their keys and models, and the engine on this computer."""
