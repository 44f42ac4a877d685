"""What links of mails lead to: a new password, activation, a lock; and asking for one."""
