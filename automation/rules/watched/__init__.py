"""What rules watch: chats and tickets, each as the engine knows it."""
