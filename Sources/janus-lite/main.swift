print("janus-lite")
