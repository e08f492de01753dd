"""Create projects, and take over other tools' files."""
