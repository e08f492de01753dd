"""What each command does, over the ports in `services`: no disk access and no programs of its own."""
