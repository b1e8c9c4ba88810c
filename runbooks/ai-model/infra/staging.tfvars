environment = "staging"
instances = 3
instance_type = "t3.large"
documentdb_class = "db.t3.medium"
redis_node_type = "cache.t3.micro"
