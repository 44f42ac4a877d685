"""Who may do what: cookies, sessions, principals, the gate before every event, sign-in routes."""
